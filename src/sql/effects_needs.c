/*
 * What must exist before a statement can run: roles, types, functions, schemas and similar objects that its tree names
 * anywhere, and of its own table the columns, constraints and triggers that it works on. What may be missing (IF
 * EXISTS, IF NOT EXISTS) is left out, as are words inside options, which are no names.
 */
#include "sql/effects_reader.h"

#include <string.h>

void effects_put_need(struct arena *arena, struct sql_need **needs, size_t *count, size_t *capacity,
                      const struct sql_need *need)
{
    const bool is_part_missing = need->part != NULL && need->part[0] == '\0' && need->kind != SQL_NEED_KEY;
    if (need->name == NULL || need->name[0] == '\0' || is_part_missing || *count == EFFECTS_NEEDS_LIMIT) {
        return;
    }
    struct sql_need one = *need;
    one.schema = effects_kept(arena, need->schema);
    one.name = arena_strdup(arena, need->name);
    one.part = need->part == NULL ? NULL : arena_strdup(arena, need->part);
    one.was_schema = effects_kept(arena, need->was_schema);
    one.was = effects_kept(arena, need->was);
    one.promised = effects_kept(arena, need->promised);
    *needs = arena_grow(arena, *needs, *count, capacity, sizeof **needs);
    (*needs)[(*count)++] = one;
}

void effects_need(struct effects_reader *reader, struct sql_need need)
{
    effects_put_need(reader->arena, &reader->effects->needs, &reader->effects->need_count, &reader->need_capacity,
                     &need);
}

void effects_make(struct effects_reader *reader, struct sql_need make)
{
    effects_put_need(reader->arena, &reader->effects->makes, &reader->effects->make_count, &reader->make_capacity,
                     &make);
}

void effects_need_part(struct effects_reader *reader, enum sql_need_kind kind, const json_t *range, const char *part)
{
    if (part != NULL && part[0] != '\0') {
        effects_need(reader, (struct sql_need){.kind = kind,
                                               .schema = tree_string(range, "schemaname"),
                                               .name = tree_string(range, "relname"),
                                               .part = part});
    }
}

void effects_need_relation(struct effects_reader *reader, const json_t *range, const char *kinds)
{
    effects_need(reader, (struct sql_need){.kind = SQL_NEED_RELATION,
                                           .schema = tree_string(range, "schemaname"),
                                           .name = tree_string(range, "relname"),
                                           .part = kinds});
}

/* ---- names anywhere in the tree ---- */

void effects_need_type(struct effects_reader *reader, const json_t *type)
{
    const json_t *const names = json_object_get(type, "names");
    const char *const schema = tree_name(names, 1);
    if (!tree_flag(type, "pct_type") && !effects_is_builtin(type) &&
        (schema == NULL || strcmp(schema, "pg_catalog") != 0)) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_TYPE, .schema = schema, .name = tree_name(names, 0)});
    }
}

/* REFERENCES t (a, b) needs a unique constraint over these columns, REFERENCES t a primary key. */
static void need_key(struct effects_reader *reader, const json_t *constraint)
{
    const json_t *const range = json_object_get(constraint, "pktable");
    if (range != NULL && !tree_is(constraint, "contype", "") && !tree_flag(constraint, "is_period")) {
        effects_need(reader, (struct sql_need){
                                 .kind = SQL_NEED_KEY,
                                 .schema = tree_string(range, "schemaname"),
                                 .name = tree_string(range, "relname"),
                                 .part = effects_names_of(reader->arena, json_object_get(constraint, "pk_attrs"))});
    }
}

static void need_object(struct effects_reader *reader, const json_t *body)
{
    const json_t *const collation = json_object_get(body, "collname");
    const char *const schema = tree_string(body, "schemaname");
    if (tree_is(body, "roletype", "ROLESPEC_CSTRING")) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_ROLE, .name = tree_string(body, "rolename")});
    }
    if (json_object_get(body, "typemod") != NULL) {
        effects_need_type(reader, body);
    }
    if (json_is_array(collation)) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_COLLATION,
                                               .schema = tree_name(collation, 1),
                                               .name = tree_name(collation, 0)});
    }
    if (json_object_get(body, "relpersistence") != NULL && strncmp(schema, "pg_", 3) != 0) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = schema});
    }
    effects_need(reader, (struct sql_need){.kind = SQL_NEED_TABLESPACE, .name = tree_string(body, "tablespacename")});
    if (json_object_get(body, "pktable") != NULL) {
        need_key(reader, body);
    }
}

/* The parser itself writes the names of some built-in functions, and an older server may not have that name: EXTRACT is
 * pg_catalog.extract() since 14, date_part() before. */
static void need_function(struct effects_reader *reader, const json_t *call)
{
    const json_t *const names = json_object_get(call, "funcname");
    const char *const schema = tree_name(names, 1);
    const bool is_plain =
        !tree_flag(call, "func_variadic") && !tree_flag(call, "agg_star") && !tree_flag(call, "agg_within_group");
    if (names != NULL && (schema == NULL || strcmp(schema, "pg_catalog") != 0) &&
        !effects_is_newer_syntax(reader, call)) {
        effects_need(
            reader,
            (struct sql_need){.kind = SQL_NEED_FUNCTION,
                              .schema = schema,
                              .name = tree_name(names, 0),
                              .part = is_plain ? arena_printf(reader->arena, "%zu", tree_count(call, "args")) : NULL});
    }
}

static bool take_part(void *data, const char *key, json_t *object)
{
    static const char taken[] = "relpersistence typemod roletype collname pktable tablespacename";
    struct effects_reader *const reader = data;
    if (strcmp(key, "AlterTableCmd") == 0) {
        reader->may_be_there = tree_flag(object, "missing_ok");
    }
    if (strcmp(key, "DefElem") == 0 || strcmp(key, "returnType") == 0) {
        return false;
    }
    if (strcmp(key, "FuncCall") == 0) {
        need_function(reader, object);
    }
    effects_labels(reader, key, object);
    if (tree_has_any(object, taken)) {
        need_object(reader, object);
    }
    return true;
}

/* ---- parts of its own table ---- */

/* Adds nothing if the statement does more than add columns. */
static void need_no_rows(struct effects_reader *reader, const json_t *range, const json_t *commands)
{
    const char *empty = NULL;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const column = tree_body(json_object_get(command, "def"), "ColumnDef");
        if (!tree_is(command, "subtype", "AT_AddColumn")) {
            return;
        }
        empty = !tree_flag(command, "missing_ok") && effects_constraint_of(column, "CONSTR_NOTNULL") != NULL &&
                        effects_is_left_empty(column)
                    ? tree_string(column, "colname")
                    : empty;
    }
    effects_need_part(reader, SQL_NEED_NO_ROWS, range, empty);
}

/* The part on which a subcommand of ALTER TABLE works. */
static const struct part {
    const char *subtypes;
    enum sql_need_kind kind;
} parts[] = {
    {"AT_DropColumn AT_AlterColumnType AT_ColumnDefault AT_SetNotNull AT_DropNotNull AT_SetStatistics AT_SetStorage "
     "AT_SetCompression AT_SetIdentity AT_DropIdentity AT_AddIdentity AT_SetOptions AT_ResetOptions",
     SQL_NEED_COLUMN},
    {"AT_DropConstraint AT_ValidateConstraint AT_AlterConstraint", SQL_NEED_CONSTRAINT},
    {"AT_EnableTrig AT_EnableAlwaysTrig AT_EnableReplicaTrig AT_DisableTrig", SQL_NEED_TRIGGER},
    {"AT_EnableRule AT_EnableAlwaysRule AT_EnableReplicaRule AT_DisableRule", SQL_NEED_RULE},
    {"AT_ClusterOn AT_ReplicaIdentity", SQL_NEED_INDEX},
};

static void of_command(struct effects_reader *reader, const json_t *range, const json_t *command)
{
    static const char dropping[] = "AT_DropColumn AT_DropConstraint";
    const char *const subtype = tree_string(command, "subtype");
    const json_t *const def = json_object_get(command, "def");
    const char *const constraint = tree_string(tree_body(def, "Constraint"), "conname");
    const char *const identity = tree_string(tree_body(def, "ReplicaIdentityStmt"), "name");
    const char *const said = tree_string(command, "name");
    const struct part *part = parts;
    while (part < parts + sizeof parts / sizeof parts[0] && !word_is_among(part->subtypes, subtype)) {
        part++;
    }
    if (part < parts + sizeof parts / sizeof parts[0]) {
        effects_need(reader, (struct sql_need){.kind = part->kind,
                                               .schema = tree_string(range, "schemaname"),
                                               .name = tree_string(range, "relname"),
                                               .part = said[0] != '\0'         ? said
                                                       : constraint[0] != '\0' ? constraint
                                                                               : identity,
                                               .may_be_missing = tree_flag(command, "missing_ok"),
                                               .goes = word_is_among(dropping, subtype) &&
                                                       tree_is(command, "behavior", "DROP_RESTRICT")});
    } else if (strcmp(subtype, "AT_SetTableSpace") == 0) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_TABLESPACE, .name = said});
    } else if (strcmp(subtype, "AT_SetAccessMethod") == 0) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_METHOD, .name = said});
    }
}

/* ALTER TABLE accepts every kind of relation, as does ALTER INDEX. */
static const char *kinds_of(const char *objtype)
{
    return strcmp(objtype, "OBJECT_SEQUENCE") == 0        ? "S"
           : strcmp(objtype, "OBJECT_VIEW") == 0          ? "v"
           : strcmp(objtype, "OBJECT_MATVIEW") == 0       ? "m"
           : strcmp(objtype, "OBJECT_FOREIGN_TABLE") == 0 ? "f"
           : strcmp(objtype, "OBJECT_TYPE") == 0          ? "c"
                                                          : NULL;
}

/* Does ALTER TABLE say what only a table can have done? */
static bool of_tables(const char *objtype, const json_t *commands)
{
    static const char those[] =
        "AT_AddColumn AT_DropColumn AT_SetNotNull AT_DropNotNull AT_AlterColumnType AT_AddConstraint AT_DropConstraint "
        "AT_ValidateConstraint AT_EnableRowSecurity AT_DisableRowSecurity AT_AddInherit AT_DropInherit";
    bool is = false;
    for (size_t i = 0; !is && strcmp(objtype, "OBJECT_TABLE") == 0 && i < json_array_size(commands); i++) {
        is = word_is_among(those, tree_string(tree_body(json_array_get(commands, i), "AlterTableCmd"), "subtype"));
    }
    return is;
}

/* A unique constraint over all partitions must contain every column of the partition key. `columns` are the elements of
 * an index, or names. */
static void need_key_columns(struct effects_reader *reader, const json_t *range, const json_t *columns)
{
    struct buffer names = {.arena = reader->arena};
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const json_t *const element = tree_body(json_array_get(columns, i), "IndexElem");
        effects_put_name(&names, i,
                         element != NULL ? tree_string(element, "name")
                                         : tree_name(columns, json_array_size(columns) - 1 - i));
    }
    if (json_array_size(columns) > 0) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_WITHIN_KEY,
                                               .schema = tree_string(range, "schemaname"),
                                               .name = tree_string(range, "relname"),
                                               .part = buffer_string(&names),
                                               .is_only_read = true});
    }
}

static void of_alter(struct effects_reader *reader, const json_t *body)
{
    const char *const objtype = tree_string(body, "objtype");
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const commands = json_object_get(body, "cmds");
    effects_need_relation(reader, range, of_tables(objtype, commands) ? "rpf" : kinds_of(objtype));
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const constraint = tree_body(json_object_get(command, "def"), "Constraint");
        of_command(reader, range, command);
        if (word_is_among("CONSTR_PRIMARY CONSTR_UNIQUE", tree_string(constraint, "contype"))) {
            need_key_columns(reader, range, json_object_get(constraint, "keys"));
        }
    }
    if (strcmp(objtype, "OBJECT_TABLE") == 0) {
        need_no_rows(reader, range, commands);
    }
}

static void of_index(struct effects_reader *reader, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "indexParams");
    const json_t *const range = json_object_get(body, "relation");
    const char *const method = tree_string(body, "accessMethod");
    effects_need(reader, (struct sql_need){.kind = SQL_NEED_METHOD, .name = method});
    if (tree_flag(body, "unique") && tree_flag(range, "inh")) {
        need_key_columns(reader, range, elements);
    }
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const element = tree_body(json_array_get(elements, i), "IndexElem");
        const json_t *const operators = json_object_get(element, "opclass");
        effects_need_part(reader, SQL_NEED_COLUMN, range, tree_string(element, "name"));
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_OPERATOR_CLASS,
                                               .schema = tree_name(operators, 1),
                                               .name = tree_name(operators, 0),
                                               .part = method});
    }
}

static void need_columns(struct effects_reader *reader, const json_t *range, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        effects_need_part(reader, SQL_NEED_COLUMN, range, tree_name(names, i));
    }
}

/* INSTEAD OF is for views; a view has no BEFORE or AFTER row triggers. */
static void of_trigger(struct effects_reader *reader, const json_t *body)
{
    enum { INSTEAD = 64 };
    const json_t *const names = json_object_get(body, "funcname");
    const json_t *const range = json_object_get(body, "relation");
    effects_need_relation(reader, range,
                          tree_integer(body, "timing") == INSTEAD ? "v"
                          : tree_flag(body, "row")                ? "rpf"
                                                                  : "rpfv");
    effects_need(reader, (struct sql_need){.kind = SQL_NEED_TRIGGER_FUNCTION,
                                           .schema = tree_name(names, 1),
                                           .name = tree_name(names, 0),
                                           .part = "trigger"});
    need_columns(reader, range, json_object_get(body, "columns"));
}

/* SET ROLE joe. A setting with a dot in its name may be unknown to the server. */
static void of_set(struct effects_reader *reader, const json_t *body)
{
    const char *const name = tree_string(body, "name");
    const char *const value = effects_constant(json_array_get(json_object_get(body, "args"), 0));
    const bool is_role = strcmp(name, "role") == 0 && strcmp(value, "none") != 0;
    if (!tree_is(body, "kind", "VAR_SET_VALUE")) {
        return;
    }
    if (is_role || strcmp(name, "session_authorization") == 0) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_ROLE, .name = value});
    } else if (strchr(name, '.') == NULL && strcmp(name, "role") != 0) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_SETTING, .name = name});
    }
}

static void of_policy(struct effects_reader *reader, const json_t *body)
{
    effects_need_relation(reader, json_object_get(body, "table"), NULL);
}

static void of_altered_policy(struct effects_reader *reader, const json_t *body)
{
    effects_need_part(reader, SQL_NEED_POLICY, json_object_get(body, "table"), tree_string(body, "policy_name"));
}

/* OWNED BY table.column. */
static void of_owned(struct effects_reader *reader, const json_t *body)
{
    const json_t *const owner = tree_option(json_object_get(body, "options"), "owned_by");
    const json_t *const names = json_object_get(tree_body(json_object_get(owner, "arg"), "List"), "items");
    effects_need(reader, (struct sql_need){.kind = SQL_NEED_COLUMN,
                                           .schema = tree_name(names, 2),
                                           .name = tree_name(names, 1),
                                           .part = tree_name(names, 0)});
}

static void of_sequence(struct effects_reader *reader, const json_t *body)
{
    effects_need_relation(reader, json_object_get(body, "sequence"), "S");
    of_owned(reader, body);
}

/* VACUUM and ANALYZE. */
static void of_vacuum(struct effects_reader *reader, const json_t *body)
{
    const json_t *const relations = json_object_get(body, "rels");
    for (size_t i = 0; i < json_array_size(relations); i++) {
        const json_t *const one = tree_body(json_array_get(relations, i), "VacuumRelation");
        effects_need_relation(reader, json_object_get(one, "relation"), NULL);
        need_columns(reader, json_object_get(one, "relation"), json_object_get(one, "va_cols"));
    }
}

static void of_reindex(struct effects_reader *reader, const json_t *body)
{
    const bool is_index = tree_is(body, "kind", "REINDEX_OBJECT_INDEX");
    effects_need_relation(reader, json_object_get(body, "relation"), is_index ? "iI" : "rpmt");
}

static void of_cluster(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    effects_need_relation(reader, range, NULL);
    effects_need_part(reader, SQL_NEED_INDEX, range, tree_string(body, "indexname"));
}

static void of_copy(struct effects_reader *reader, const json_t *body)
{
    effects_need_relation(reader, json_object_get(body, "relation"), NULL);
    need_columns(reader, json_object_get(body, "relation"), json_object_get(body, "attlist"));
}

static void of_refresh(struct effects_reader *reader, const json_t *body)
{
    effects_need_relation(reader, json_object_get(body, "relation"), NULL);
}

static void of_publication(struct effects_reader *reader, const json_t *body)
{
    const json_t *const objects = json_object_get(body, "pubobjects");
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *const object = tree_body(json_array_get(objects, i), "PublicationObjSpec");
        effects_need_relation(reader, json_object_get(json_object_get(object, "pubtable"), "relation"), NULL);
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_SCHEMA, .name = tree_string(object, "name")});
    }
}

static void of_statistics(struct effects_reader *reader, const json_t *body)
{
    const json_t *const columns = json_object_get(body, "exprs");
    const json_t *const range = tree_body(json_array_get(json_object_get(body, "relations"), 0), "RangeVar");
    effects_need_relation(reader, range, NULL);
    for (size_t i = 0; i < json_array_size(columns); i++) {
        effects_need_part(reader, SQL_NEED_COLUMN, range,
                          tree_string(tree_body(json_array_get(columns, i), "StatsElem"), "name"));
    }
}

/* CALL needs a procedure, not a function. */
static void of_call(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(json_object_get(body, "funccall"), "funcname");
    effects_need(
        reader, (struct sql_need){
                    .kind = SQL_NEED_ROUTINE, .schema = tree_name(names, 1), .name = tree_name(names, 0), .part = "p"});
}

static const struct {
    const char *kind;
    void (*take)(struct effects_reader *reader, const json_t *body);
    bool is_whole; /* no other name in its tree is that of something that must exist */
} statements[] = {
    {"AlterTableStmt", of_alter, false},
    {"AlterPolicyStmt", of_altered_policy, false},
    {"AlterPublicationStmt", of_publication, false},
    {"AlterSeqStmt", of_sequence, false},
    {"CreateSeqStmt", of_owned, false},
    {"CallStmt", of_call, false},
    {"ClusterStmt", of_cluster, false},
    {"CopyStmt", of_copy, false},
    {"CreatePolicyStmt", of_policy, false},
    {"CreatePublicationStmt", of_publication, false},
    {"CreateStatsStmt", of_statistics, false},
    {"CreateTrigStmt", of_trigger, false},
    {"DeleteStmt", effects_deleted_rows, false},
    {"DropStmt", NULL, true},
    {"CommentStmt", NULL, true},
    {"SecLabelStmt", NULL, true},
    {"IndexStmt", of_index, false},
    {"InsertStmt", effects_rows, false},
    {"UpdateStmt", effects_rows, false},
    {"RefreshMatViewStmt", of_refresh, false},
    {"ReindexStmt", of_reindex, false},
    {"VacuumStmt", of_vacuum, false},
    {"VariableSetStmt", of_set, true},
    {"DefineStmt", NULL, true},
    {"CreateRoleStmt", NULL, true},
    {"CreateTableSpaceStmt", NULL, true},
    {"CreateSubscriptionStmt", NULL, true},
    {"ImportForeignSchemaStmt", NULL, true},
    {"CreateSchemaStmt", NULL, false},
};

void effects_needs(struct effects_reader *reader, json_t *node)
{
    json_t *body;
    const char *const kind = tree_node(node, &body);
    const bool may_be_missing = tree_flag(body, "missing_ok");
    size_t i = 0;
    effects_passed_over(reader, kind, body);
    effects_bound(reader, kind, body);
    if (tree_flag(body, "if_not_exists") && strcmp(kind, "CreateStmt") == 0) {
        effects_made_table(reader, body);
    }
    if (tree_flag(body, "if_not_exists") && strcmp(kind, "CreateExtensionStmt") == 0) {
        effects_need_files(reader, body);
    }
    if (tree_flag(body, "if_not_exists") || tree_flag(json_object_get(body, "base"), "if_not_exists") ||
        (may_be_missing && strcmp(kind, "DropStmt") != 0)) {
        return;
    }
    while (i < sizeof statements / sizeof statements[0] && strcmp(statements[i].kind, kind) != 0) {
        i++;
    }
    const bool is_known = i < sizeof statements / sizeof statements[0];
    if (is_known && statements[i].take != NULL) {
        statements[i].take(reader, body);
    }
    effects_named_needs(reader, kind, body);
    effects_makes(reader, kind, body);
    effects_replaced(reader, kind, body);
    effects_fitting(reader, kind, body);
    effects_columns(reader, kind, body, node);
    effects_own_columns(reader, kind, body);
    if (!is_known || !statements[i].is_whole) {
        tree_walk(body, take_part, reader);
    }
    effects_computed(reader, kind, body);
    effects_demands(reader, kind, body);
    effects_never(reader, kind, body);
    if (!reader->is_reworded) {
        effects_analyzed(reader, kind, body);
    }
}
