/*
 * Demands of ALTER TABLE, CREATE TABLE, CLUSTER and the like (demands.h).
 */
#include "sql/effects_reader.h"

#include <string.h>

#define MOST 50 /* of one statement */

static void demand(struct effects_reader *reader, const json_t *range, struct sql_demand one)
{
    struct sql_effects *const effects = reader->effects;
    one.schema = effects_kept(reader->arena, tree_string(range, "schemaname"));
    one.name = effects_kept(reader->arena, tree_string(range, "relname"));
    one.part = one.part == NULL ? NULL : arena_strdup(reader->arena, one.part);
    one.other_schema = effects_kept(reader->arena, one.other_schema);
    one.other = effects_kept(reader->arena, one.other);
    if (one.name != NULL && effects->demand_count < MOST) {
        effects->demands = arena_grow(reader->arena, effects->demands, effects->demand_count, &reader->demand_capacity,
                                      sizeof *effects->demands);
        effects->demands[effects->demand_count++] = one;
    }
}

/* ---- foreign keys ---- */

/* persistence: of the referencing table, if the statement makes it; NULL: `range` exists. */
static void of_foreign_key(struct effects_reader *reader, const json_t *range, const json_t *constraint,
                           const char *persistence)
{
    const json_t *const to = json_object_get(constraint, "pktable");
    if (to != NULL && persistence != NULL) {
        demand(reader, to, (struct sql_demand){.kind = SQL_DEMAND_REFERABLE, .part = persistence});
    } else if (to != NULL) {
        demand(reader, range,
               (struct sql_demand){.kind = SQL_DEMAND_PERSISTENT,
                                   .other_schema = tree_string(to, "schemaname"),
                                   .other = tree_string(to, "relname")});
    }
}

/* ---- CREATE TABLE ---- */

static bool is_itself(const json_t *range, const json_t *constraint)
{
    const json_t *const to = json_object_get(constraint, "pktable");
    return tree_is(to, "relname", tree_string(range, "relname")) &&
           tree_is(to, "schemaname", tree_string(range, "schemaname"));
}

static void of_new_key(struct effects_reader *reader, const json_t *range, const json_t *constraint)
{
    if (!is_itself(range, constraint)) {
        of_foreign_key(reader, range, constraint, tree_string(range, "relpersistence"));
    }
}

static void of_table(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const parents = json_object_get(body, "inhRelations");
    const json_t *const elements = json_object_get(body, "tableElts");
    for (size_t i = 0; json_object_get(body, "partbound") == NULL && i < json_array_size(parents); i++) {
        demand(reader, tree_body(json_array_get(parents, i), "RangeVar"),
               (struct sql_demand){.kind = SQL_DEMAND_PARENT});
    }
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const element = json_array_get(elements, i);
        const json_t *const constraints = json_object_get(tree_body(element, "ColumnDef"), "constraints");
        of_new_key(reader, range, tree_body(element, "Constraint"));
        for (size_t j = 0; j < json_array_size(constraints); j++) {
            of_new_key(reader, range, tree_body(json_array_get(constraints, j), "Constraint"));
        }
    }
}

/* ---- ALTER TABLE ---- */

struct altering {
    struct effects_reader *reader;
    const json_t *range;
    bool is_only;
    bool is_single; /* the statement has one subcommand */
};

static void demand_part(const struct altering *altering, enum sql_demand_kind kind, const char *part)
{
    demand(altering->reader, altering->range, (struct sql_demand){.kind = kind, .part = part});
}

static void of_check(const struct altering *altering, const json_t *constraint)
{
    if (tree_flag(constraint, "is_no_inherit")) {
        demand_part(altering, SQL_DEMAND_NO_PARTITIONS, "can have no CHECK with NO INHERIT (42P16).");
    } else if (altering->is_only) {
        demand_part(altering, SQL_DEMAND_ONLY_IT, "A CHECK is added");
    }
}

static void of_key(const struct altering *altering, const json_t *constraint)
{
    const bool is_primary = tree_is(constraint, "contype", "CONSTR_PRIMARY");
    const char *const index = tree_string(constraint, "indexname");
    if (index[0] != '\0') {
        demand(altering->reader, altering->range,
               (struct sql_demand){.kind = SQL_DEMAND_KEY_INDEX, .part = index, .other = is_primary ? "p" : "u"});
    }
}

static void of_added_key(const struct altering *altering, const json_t *constraint)
{
    of_foreign_key(altering->reader, altering->range, constraint, NULL);
    if (altering->is_only) {
        demand_part(altering, SQL_DEMAND_NO_PARTITIONS,
                    "has its foreign keys in all partitions, without ONLY (42809).");
    }
    if (tree_flag(constraint, "skip_validation") && !effects_since(altering->reader, 18, true)) {
        demand_part(altering, SQL_DEMAND_NO_PARTITIONS,
                    "takes foreign keys NOT VALID only since PostgreSQL 18 (42809).");
    }
}

static void of_constraint(const struct altering *altering, const json_t *constraint)
{
    if (tree_is(constraint, "contype", "CONSTR_CHECK")) {
        of_check(altering, constraint);
    } else if (tree_is(constraint, "contype", "CONSTR_FOREIGN")) {
        of_added_key(altering, constraint);
    } else if (constraint != NULL) {
        of_key(altering, constraint);
    }
}

static void of_column(const struct altering *altering, const json_t *column)
{
    const json_t *const constraints = json_object_get(column, "constraints");
    if (altering->is_only) {
        demand_part(altering, SQL_DEMAND_ONLY_IT, "A column is added");
    }
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const json_t *const constraint = tree_body(json_array_get(constraints, i), "Constraint");
        if (tree_is(constraint, "contype", "CONSTR_PRIMARY") && altering->is_single) {
            demand_part(altering, SQL_DEMAND_NO_KEY, NULL);
        }
        of_foreign_key(altering->reader, altering->range, constraint, NULL);
    }
}

/* Subcommands of one demand each; NULL: the part is what the command names. */
static const struct {
    const char *subtype;
    enum sql_demand_kind kind;
    const char *part;
    bool with_only;
    bool alone;
} rules[] = {
    {"AT_AlterColumnType", SQL_DEMAND_ONLY_IT, "The type of a column is changed", true, false},
    {"AT_DropColumn", SQL_DEMAND_ONLY_PARTITIONED, "A column is dropped", true, false},
    {"AT_SetNotNull", SQL_DEMAND_ONLY_FILLED, NULL, true, false},
    {"AT_DropConstraint", SQL_DEMAND_OWN_CONSTRAINT, NULL, false, false},
    {"AT_DropNotNull", SQL_DEMAND_OWN_NULLS, NULL, false, false},
    {"AT_ClusterOn", SQL_DEMAND_CLUSTER_INDEX, NULL, false, false},
    {"AT_EnableRowSecurity", SQL_DEMAND_SECURES, "e", false, false},
    {"AT_ForceRowSecurity", SQL_DEMAND_SECURES, "f", false, false},
    {"AT_SetLogged", SQL_DEMAND_LOGGED, NULL, false, true},
    {"AT_SetUnLogged", SQL_DEMAND_UNLOGGED, NULL, false, true},
};

/* AT_SetStorage and AT_SetCompression: PLAIN, and the default, are always allowed. */
static void of_storage(struct effects_reader *reader, const json_t *range, const json_t *command)
{
    static const char storages[] = "plain external extended main default";
    static const char compressions[] = "default pglz lz4";
    const char *const word = tree_string(tree_body(json_object_get(command, "def"), "String"), "sval");
    const bool stores = tree_is(command, "subtype", "AT_SetStorage");
    struct buffer lower = {.arena = reader->arena};
    for (const char *c = word; *c != '\0'; c++) {
        buffer_putc(&lower, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
    }
    const char *const said = stores ? buffer_string(&lower) : word;
    if (!word_is_among(stores ? storages : compressions, said)) {
        reader->effects->wrong = stores ? "There is no such STORAGE (22023)." : "There is no such COMPRESSION (22023).";
    } else if (!word_is_among("plain default", said)) {
        demand(reader, range, (struct sql_demand){.kind = SQL_DEMAND_STORAGE, .part = tree_string(command, "name")});
    }
}

static void of_parent(const struct altering *altering, const json_t *command)
{
    const json_t *const parent = tree_body(json_object_get(command, "def"), "RangeVar");
    demand(altering->reader, altering->range,
           (struct sql_demand){.kind = tree_is(command, "subtype", "AT_AddInherit") ? SQL_DEMAND_INHERITS
                                                                                    : SQL_DEMAND_IS_CHILD,
                               .other_schema = tree_string(parent, "schemaname"),
                               .other = tree_string(parent, "relname")});
}

static void of_command(const struct altering *altering, const json_t *command)
{
    const char *const subtype = tree_string(command, "subtype");
    const json_t *const def = json_object_get(command, "def");
    const json_t *const identity = tree_body(def, "ReplicaIdentityStmt");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(rules[i].subtype, subtype) == 0 && (!rules[i].with_only || altering->is_only) &&
            (!rules[i].alone || altering->is_single) && !tree_flag(command, "missing_ok")) {
            demand_part(altering, rules[i].kind, rules[i].part == NULL ? tree_string(command, "name") : rules[i].part);
        }
    }
    if (strcmp(subtype, "AT_DropNotNull") == 0 && altering->is_only && !effects_since(altering->reader, 18, true)) {
        demand_part(altering, SQL_DEMAND_ONLY_PARTITIONED, "NOT NULL is dropped");
    }
    if (word_is_among("AT_SetLogged AT_SetUnLogged", subtype) && effects_since(altering->reader, 18, false)) {
        demand_part(altering, SQL_DEMAND_NO_PARTITIONS,
                    "cannot be SET LOGGED or UNLOGGED since PostgreSQL 18: its partitions can (42809).");
    } else if (strcmp(subtype, "AT_SetRelOptions") == 0) {
        demand_part(altering, SQL_DEMAND_NO_PARTITIONS,
                    "takes no storage parameters: its partitions do (42809; before PostgreSQL 18, 22023).");
    } else if (word_is_among("AT_SetStorage AT_SetCompression", subtype)) {
        of_storage(altering->reader, altering->range, command);
    } else if (word_is_among("AT_AddInherit AT_DropInherit", subtype)) {
        of_parent(altering, command);
    } else if (identity != NULL && tree_string(identity, "name")[0] != '\0') {
        demand_part(altering, SQL_DEMAND_IDENTITY_INDEX, tree_string(identity, "name"));
    } else if (strcmp(subtype, "AT_AddConstraint") == 0) {
        of_constraint(altering, tree_body(def, "Constraint"));
    } else if (strcmp(subtype, "AT_AddColumn") == 0 && !tree_flag(command, "missing_ok")) {
        of_column(altering, tree_body(def, "ColumnDef"));
    }
}

static void of_alter(struct effects_reader *reader, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    const json_t *const range = json_object_get(body, "relation");
    const struct altering altering = {.reader = reader,
                                      .range = range,
                                      .is_only = !tree_flag(range, "inh"),
                                      .is_single = json_array_size(commands) == 1};
    for (size_t i = 0; tree_is(body, "objtype", "OBJECT_TABLE") && i < json_array_size(commands); i++) {
        of_command(&altering, tree_body(json_array_get(commands, i), "AlterTableCmd"));
    }
}

/* ---- other statements ---- */

static void of_rename(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const bool is_only = range != NULL && !tree_flag(range, "inh");
    const char *const name = tree_string(body, "subname");
    if (tree_is(body, "renameType", "OBJECT_COLUMN") && tree_is(body, "relationType", "OBJECT_TABLE") && is_only) {
        demand(reader, range, (struct sql_demand){.kind = SQL_DEMAND_ONLY_IT, .part = "A column is renamed"});
    } else if (tree_is(body, "renameType", "OBJECT_TABCONSTRAINT")) {
        demand(reader, range, (struct sql_demand){.kind = SQL_DEMAND_OWN_CONSTRAINT, .part = name, .other = "rename"});
        if (is_only) {
            demand(reader, range, (struct sql_demand){.kind = SQL_DEMAND_ONLY_CONSTRAINT, .part = name});
        }
    }
}

static void of_cluster(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const char *const index = tree_string(body, "indexname");
    demand(reader, range,
           index[0] == '\0' ? (struct sql_demand){.kind = SQL_DEMAND_CLUSTERED}
                            : (struct sql_demand){.kind = SQL_DEMAND_CLUSTER_INDEX, .part = index});
}

static void of_truncate(struct effects_reader *reader, const json_t *body)
{
    const json_t *const relations = json_object_get(body, "relations");
    for (size_t i = 0; i < json_array_size(relations); i++) {
        const json_t *const range = tree_body(json_array_get(relations, i), "RangeVar");
        if (!tree_flag(range, "inh")) {
            demand(reader, range,
                   (struct sql_demand){.kind = SQL_DEMAND_NO_PARTITIONS,
                                       .part = "has no rows of its own that ONLY could remove (42809)."});
        }
    }
}

static void of_rows(struct effects_reader *reader, const json_t *body)
{
    demand(reader, json_object_get(body, "relation"), (struct sql_demand){.kind = SQL_DEMAND_CHANGEABLE});
}

/* A type by its list of names. */
static void demand_type(struct effects_reader *reader, const json_t *names, enum sql_demand_kind kind, const char *part)
{
    const char *const schema = tree_name(names, 1);
    const char *const name = tree_name(names, 0);
    json_t *const range =
        json_pack("{s:s, s:s}", "schemaname", schema == NULL ? "" : schema, "relname", name == NULL ? "" : name);
    demand(reader, range, (struct sql_demand){.kind = kind, .part = part});
    json_decref(range);
}

static void of_enum(struct effects_reader *reader, const json_t *body)
{
    demand_type(reader, json_object_get(body, "typeName"), SQL_DEMAND_TYPE_KIND, "e");
}

/* Of a new CHECK or NOT NULL all values must be read, which is not done inside of arrays and rows. */
static void of_domain(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(body, "typeName");
    const bool reads = tree_is(body, "subtype", "O") || tree_is(body, "subtype", "V") ||
                       (tree_is(body, "subtype", "C") &&
                        !tree_flag(tree_body(json_object_get(body, "def"), "Constraint"), "skip_validation"));
    demand_type(reader, names, SQL_DEMAND_TYPE_KIND, "d");
    if (reads) {
        demand_type(reader, names, SQL_DEMAND_FREE_TYPE, "d");
    }
}

/* ADD and DROP ATTRIBUTE of what is a table's type need CASCADE; what is in a column keeps the types of its parts. */
static void of_composite(struct effects_reader *reader, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    const json_t *const range = json_object_get(body, "relation");
    for (size_t i = 0; tree_is(body, "objtype", "OBJECT_TYPE") && i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const bool cascades = tree_is(command, "behavior", "DROP_CASCADE");
        const bool retypes = tree_is(command, "subtype", "AT_AlterColumnType");
        if (retypes || !cascades) {
            demand(reader, range,
                   (struct sql_demand){.kind = SQL_DEMAND_FREE_TYPE,
                                       .part = !retypes   ? "t"
                                               : cascades ? "c"
                                                          : "a"});
        }
    }
}

/* ---- publications and sequences ---- */

static void of_published(struct effects_reader *reader, const json_t *body, const json_t *table)
{
    const json_t *const range = json_object_get(table, "relation");
    const json_t *const columns = json_object_get(table, "columns");
    const bool drops = tree_is(body, "action", "AP_DropObjects") || tree_is(body, "action", "DEFELEM_DROP");
    const bool adds = tree_is(body, "action", "AP_AddObjects") || tree_is(body, "action", "DEFELEM_ADD");
    if (!drops) {
        demand(reader, range, (struct sql_demand){.kind = SQL_DEMAND_PUBLISHABLE});
    }
    if (drops || adds) {
        demand(reader, range,
               (struct sql_demand){.kind = drops ? SQL_DEMAND_MEMBER : SQL_DEMAND_NOT_MEMBER,
                                   .part = tree_string(body, "pubname")});
    }
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const char *const name = tree_name(columns, json_array_size(columns) - 1 - i);
        effects_need_part(reader, SQL_NEED_COLUMN, range, name);
    }
}

static void of_publication(struct effects_reader *reader, const json_t *body)
{
    const json_t *const objects = json_object_get(body, "pubobjects");
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *const object = tree_body(json_array_get(objects, i), "PublicationObjSpec");
        const json_t *const table = json_object_get(object, "pubtable");
        if (table != NULL) {
            of_published(reader, body, table);
        }
    }
}

/* A number as it is written; "" if it is not given, or NO MAXVALUE. */
static const char *number_of(struct arena *arena, const json_t *options, const char *name)
{
    const json_t *const value = json_object_get(tree_option(options, name), "arg");
    const json_t *const integer = tree_body(value, "Integer");
    return integer != NULL ? arena_printf(arena, "%lld", (long long)tree_integer(integer, "ival"))
                           : tree_string(tree_body(value, "Float"), "fval");
}

static void of_sequence(struct effects_reader *reader, const json_t *body)
{
    static const char *const names[] = {"minvalue", "maxvalue", "start", "restart"};
    const json_t *const options = json_object_get(body, "options");
    struct buffer numbers = {.arena = reader->arena};
    /* Another type, and NO MINVALUE, change others, too. */
    if (tree_option(options, "as") != NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *const number = number_of(reader->arena, options, names[i]);
        const bool has_none = tree_option(options, names[i]) != NULL && number[0] == '\0';
        if (has_none && i < 2) {
            return;
        }
        effects_put_name(&numbers, i, number);
    }
    demand(reader, json_object_get(body, "sequence"),
           (struct sql_demand){.kind = SQL_DEMAND_NUMBERS, .part = buffer_string(&numbers)});
}

static const struct effects_taker statements[] = {
    {"CreatePublicationStmt", of_publication},
    {"AlterPublicationStmt", of_publication},
    {"AlterSeqStmt", of_sequence},
    {"CreateStmt", of_table},
    {"AlterTableStmt", of_alter},
    {"AlterTableStmt", of_composite},
    {"RenameStmt", of_rename},
    {"ClusterStmt", of_cluster},
    {"TruncateStmt", of_truncate},
    {"InsertStmt", of_rows},
    {"UpdateStmt", of_rows},
    {"DeleteStmt", of_rows},
    {"AlterEnumStmt", of_enum},
    {"AlterDomainStmt", of_domain},
    {0},
};

void effects_demands(struct effects_reader *reader, const char *kind, const json_t *body)
{
    effects_take(reader, statements, kind, body);
}
