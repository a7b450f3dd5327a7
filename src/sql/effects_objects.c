/*
 * Statements on objects of any kind, by the names in them: dropping, renaming and commenting; and objects that belong
 * to a table without being part of its rows (triggers, policies, rules, sequences, publications, statistics).
 */
#include "sql/effects_reader.h"

#include <string.h>

/* ---- objects named by their kind ---- */

/* How the kinds of objects name a relation: (schema, table) or (schema, table, part of it). */
static const struct {
    const char *type;
    size_t skip; /* names after the relation's */
    const char *drop_advice;
} named_objects[] = {
    {"OBJECT_TABLE", 0, "Its rows are lost; tables that its foreign keys link, or a parent, are locked as strongly."},
    {"OBJECT_FOREIGN_TABLE", 0, NULL},
    {"OBJECT_VIEW", 0, NULL},
    {"OBJECT_MATVIEW", 0, NULL},
    {"OBJECT_SEQUENCE", 0, NULL},
    {"OBJECT_INDEX", 0, "Its table is locked as strongly: DROP INDEX CONCURRENTLY stops nobody."},
    {"OBJECT_COLUMN", 1, NULL},
    {"OBJECT_TABCONSTRAINT", 1, NULL},
    {"OBJECT_TRIGGER", 1, NULL},
    {"OBJECT_RULE", 1, NULL},
    {"OBJECT_POLICY", 1, NULL},
};

static size_t find_object(const char *type)
{
    size_t i = 0;
    while (i < sizeof named_objects / sizeof named_objects[0] && strcmp(named_objects[i].type, type) != 0) {
        i++;
    }
    return i;
}

/* The other kinds, with the word that reaches use for them. Casts, transforms and mappings cannot be found by a
 * name. */
static const struct {
    const char *removed;
    const char *type;
} unrelated_objects[] = {
    {"OBJECT_TYPE", "type"},
    {"OBJECT_DOMAIN", "type"},
    {"OBJECT_FUNCTION", "function"},
    {"OBJECT_PROCEDURE", "function"},
    {"OBJECT_ROUTINE", "function"},
    {"OBJECT_AGGREGATE", "function"},
    {"OBJECT_SCHEMA", "schema"},
    {"OBJECT_EXTENSION", "extension"},
    {"OBJECT_OPERATOR", "operator"},
    {"OBJECT_OPCLASS", "operator class"},
    {"OBJECT_OPFAMILY", "operator family"},
    {"OBJECT_COLLATION", "collation"},
    {"OBJECT_LANGUAGE", "language"},
    {"OBJECT_ACCESS_METHOD", "access method"},
    {"OBJECT_FDW", "foreign-data wrapper"},
    {"OBJECT_FOREIGN_SERVER", "server"},
    {"OBJECT_STATISTIC_EXT", "statistics"},
    {"OBJECT_TSCONFIGURATION", "text search configuration"},
    {"OBJECT_TSDICTIONARY", "text search dictionary"},
};

/* The parts of relations, with the word that reaches use for them. */
static const char *part_type(const char *removed)
{
    return strcmp(removed, "OBJECT_TRIGGER") == 0  ? "trigger"
           : strcmp(removed, "OBJECT_RULE") == 0   ? "rule"
           : strcmp(removed, "OBJECT_POLICY") == 0 ? "policy"
                                                   : "relation";
}

/* The list of names of an object in DROP; for a function, only its name. */
static const json_t *object_names(const json_t *object)
{
    const json_t *const list = json_object_get(tree_body(object, "List"), "items");
    const json_t *const function = json_object_get(tree_body(object, "ObjectWithArgs"), "objname");
    const json_t *const type = json_object_get(tree_body(object, "TypeName"), "names");
    return list != NULL ? list : function != NULL ? function : type;
}

/* Is it a trigger, a rule or a policy that is dropped IF EXISTS and is not there? PostgreSQL locks nothing then. */
static bool is_part_missing(const struct effects_reader *reader, const json_t *body, const json_t *object)
{
    const struct sql_facts *const facts = reader->facts;
    const json_t *const names = json_object_get(tree_body(object, "List"), "items");
    const char *const part = part_type(tree_string(body, "removeType"));
    return facts->is_so != NULL && tree_flag(body, "missing_ok") && strcmp(part, "relation") != 0 &&
           facts->is_so(facts->asked, tree_name(names, 2), tree_name(names, 1),
                        arena_printf(reader->arena, "no %s", part), tree_name(names, 0));
}

static void drop_relation(struct effects_reader *reader, const json_t *names, size_t kind, struct sql_reach reach)
{
    const size_t skip = named_objects[kind].skip;
    reach.type = part_type(named_objects[kind].type);
    reach.schema = tree_name(names, skip + 1);
    reach.name = tree_name(names, skip);
    reach.part = skip == 0 ? NULL : tree_name(names, 0);
    effects_reach_object(reader, &reach);
    if (skip == 0) {
        effects_change(reader,
                       &(struct sql_change){.kind = SQL_CHANGE_DROPS, .schema = reach.schema, .name = reach.name});
    }
}

static void drop_object(struct effects_reader *reader, const json_t *object, const char *removed,
                        struct sql_reach reach)
{
    const json_t *const names = object_names(object);
    const char *const alone = tree_string(tree_body(object, "String"), "sval");
    for (size_t i = 0; i < sizeof unrelated_objects / sizeof unrelated_objects[0]; i++) {
        if (strcmp(unrelated_objects[i].removed, removed) == 0) {
            reach.type = unrelated_objects[i].type;
            reach.schema = tree_name(names, 1);
            reach.name = names == NULL ? alone : tree_name(names, 0);
            effects_reach_object(reader, &reach);
            return;
        }
    }
    if (reach.kind == SQL_REACH_CASCADE) {
        effects_unknown(reader);
    }
}

/* What else is removed with each object. */
static void reach_of_drop(struct effects_reader *reader, const json_t *body, size_t kind, bool concurrent)
{
    const json_t *const objects = json_object_get(body, "objects");
    const struct sql_reach reach = {.kind = concurrent                                  ? SQL_REACH_INDEX_TABLE
                                            : tree_is(body, "behavior", "DROP_CASCADE") ? SQL_REACH_CASCADE
                                                                                        : SQL_REACH_DROP,
                                    .lock = concurrent ? SQL_LOCK_SHARE_UPDATE_EXCLUSIVE : SQL_LOCK_ACCESS_EXCLUSIVE};
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *const object = json_array_get(objects, i);
        if (kind < sizeof named_objects / sizeof named_objects[0]) {
            drop_relation(reader, object_names(object), kind, reach);
        } else {
            drop_object(reader, object, tree_string(body, "removeType"), reach);
        }
    }
}

static void drop(struct effects_reader *reader, json_t *body)
{
    const json_t *const objects = json_object_get(body, "objects");
    const bool concurrent = tree_flag(body, "concurrent");
    const size_t kind = find_object(tree_string(body, "removeType"));
    const bool names_relation = kind < sizeof named_objects / sizeof named_objects[0];
    if (json_array_size(objects) == 1 && is_part_missing(reader, body, json_array_get(objects, 0))) {
        return;
    }
    for (size_t i = 0; names_relation && i < json_array_size(objects); i++) {
        effects_lock_path(reader, json_object_get(tree_body(json_array_get(objects, i), "List"), "items"),
                          named_objects[kind].skip,
                          concurrent ? SQL_LOCK_SHARE_UPDATE_EXCLUSIVE : SQL_LOCK_ACCESS_EXCLUSIVE);
    }
    reach_of_drop(reader, body, kind, concurrent);
    if (tree_is(body, "behavior", "DROP_CASCADE")) {
        effects_work(
            reader, SQL_WORK_NONE,
            "CASCADE locks every table that depends on it against reads and writes: drop those by name first.");
    } else if (names_relation && !concurrent) {
        effects_work(reader, SQL_WORK_NONE, named_objects[kind].drop_advice);
    }
}

/* A comment on a part of a table takes a weaker lock on the table than one on the table itself or on a column. */
static void comment(struct effects_reader *reader, json_t *body)
{
    const char *const type = tree_string(body, "objtype");
    const size_t kind = find_object(type);
    if (kind < sizeof named_objects / sizeof named_objects[0]) {
        const bool on_relation = named_objects[kind].skip == 0 || strcmp(type, "OBJECT_COLUMN") == 0;
        effects_lock_path(reader, json_object_get(json_object_get(json_object_get(body, "object"), "List"), "items"),
                          named_objects[kind].skip,
                          on_relation ? SQL_LOCK_SHARE_UPDATE_EXCLUSIVE : SQL_LOCK_ACCESS_SHARE);
    }
}

/* Columns and CHECKs are renamed in child tables too; a renamed relation has its new name from now on. */
static void reach_of_rename(struct effects_reader *reader, const json_t *body)
{
    const json_t *const relation = json_object_get(body, "relation");
    const char *const type = tree_string(body, "renameType");
    if (strcmp(type, "OBJECT_SCHEMA") == 0) {
        effects_change(reader, &(struct sql_change){.kind = SQL_CHANGE_RENAMES_SCHEMA,
                                                    .name = tree_string(body, "subname"),
                                                    .to = tree_string(body, "newname")});
    } else if (relation == NULL) {
        return;
    } else if (strcmp(type, "OBJECT_ATTRIBUTE") == 0) {
        effects_reach_object(reader, &(struct sql_reach){.kind = SQL_REACH_TYPED_TABLES,
                                                         .lock = SQL_LOCK_ACCESS_EXCLUSIVE,
                                                         .type = "type",
                                                         .schema = tree_string(relation, "schemaname"),
                                                         .name = tree_string(relation, "relname")});
    } else if (tree_string(body, "subname")[0] != '\0') {
        /* A key is renamed in this table only, a CHECK where it is inherited. */
        const bool is_constraint = strcmp(type, "OBJECT_TABCONSTRAINT") == 0;
        effects_reach_object(reader, &(struct sql_reach){.kind = SQL_REACH_CHILDREN,
                                                         .lock = SQL_LOCK_ACCESS_EXCLUSIVE,
                                                         .type = is_constraint ? "constraint" : "relation",
                                                         .schema = tree_string(relation, "schemaname"),
                                                         .name = tree_string(relation, "relname"),
                                                         .part = is_constraint ? tree_string(body, "subname") : NULL});
    } else {
        effects_change(reader, &(struct sql_change){.kind = SQL_CHANGE_RENAMES,
                                                    .schema = tree_string(relation, "schemaname"),
                                                    .name = tree_string(relation, "relname"),
                                                    .to = tree_string(body, "newname")});
    }
}

static void move(struct effects_reader *reader, json_t *body)
{
    const json_t *const relation = json_object_get(body, "relation");
    effects_lock(reader, relation, SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_work(reader, SQL_WORK_NONE,
                 tree_is(body, "objectType", "OBJECT_TABLE") || tree_is(body, "objectType", "OBJECT_VIEW")
                     ? "Running code that has the old schema in the name, or not the new one in its search path, fails."
                     : NULL);
    effects_reach(reader, SQL_REACH_SEQUENCES, relation, NULL, SQL_LOCK_ACCESS_EXCLUSIVE);
    if (relation != NULL) {
        effects_change(reader, &(struct sql_change){.kind = SQL_CHANGE_MOVES,
                                                    .schema = tree_string(relation, "schemaname"),
                                                    .name = tree_string(relation, "relname"),
                                                    .to = tree_string(body, "newschema")});
    }
}

static void rename_object(struct effects_reader *reader, json_t *body)
{
    const bool is_named_by_code = tree_is(body, "renameType", "OBJECT_TABLE") ||
                                  tree_is(body, "renameType", "OBJECT_COLUMN") ||
                                  tree_is(body, "renameType", "OBJECT_VIEW");
    effects_lock(reader, json_object_get(body, "relation"),
                 tree_is(body, "renameType", "OBJECT_INDEX") ? SQL_LOCK_SHARE_UPDATE_EXCLUSIVE
                                                             : SQL_LOCK_ACCESS_EXCLUSIVE);
    reach_of_rename(reader, body);
    effects_work(reader, SQL_WORK_NONE,
                 is_named_by_code ? "Running code that uses the old name fails: keep both names for as long as it runs."
                                  : NULL);
}

static void depend_on_extension(struct effects_reader *reader, json_t *body)
{
    effects_lock(reader, json_object_get(body, "relation"),
                 tree_is(body, "objectType", "OBJECT_TRIGGER") ? SQL_LOCK_ACCESS_SHARE : SQL_LOCK_ACCESS_EXCLUSIVE);
}

static void grant(struct effects_reader *reader, json_t *body)
{
    if (effects_since(reader, 18, true)) {
        effects_lock_all(reader, json_object_get(body, "objects"), SQL_LOCK_ACCESS_SHARE);
    }
}

/* ---- policies, rules, triggers, views, sequences, domains ---- */

static void policy(struct effects_reader *reader, json_t *body)
{
    effects_lock(reader, json_object_get(body, "table"), SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_query(reader, json_object_get(body, "qual"));
    effects_query(reader, json_object_get(body, "with_check"));
}

static void rule(struct effects_reader *reader, json_t *body)
{
    effects_lock(reader, json_object_get(body, "relation"), SQL_LOCK_ACCESS_EXCLUSIVE);
    effects_query(reader, json_object_get(body, "actions"));
}

static void trigger(struct effects_reader *reader, json_t *body)
{
    effects_lock(reader, json_object_get(body, "relation"), SQL_LOCK_SHARE_ROW_EXCLUSIVE);
    effects_reach(reader, SQL_REACH_PARTITIONS, json_object_get(body, "relation"), NULL, SQL_LOCK_SHARE_ROW_EXCLUSIVE);
    effects_lock(reader, json_object_get(body, "constrrel"), SQL_LOCK_ACCESS_SHARE);
}

static void view(struct effects_reader *reader, json_t *body)
{
    effects_query(reader, json_object_get(body, "query"));
    if (tree_flag(body, "replace")) {
        effects_lock(reader, json_object_get(body, "view"), SQL_LOCK_ACCESS_EXCLUSIVE);
    }
    effects_creates(reader, json_object_get(body, "view"));
    effects_links_view(reader, json_object_get(body, "view"), json_object_get(body, "query"));
}

/* OWNED BY table.column, in CREATE and ALTER SEQUENCE. */
static void sequence(struct effects_reader *reader, json_t *body)
{
    const json_t *const owner = tree_option(json_object_get(body, "options"), "owned_by");
    const json_t *const names = json_object_get(json_object_get(json_object_get(owner, "arg"), "List"), "items");
    effects_lock_path(reader, names, 1, SQL_LOCK_ACCESS_SHARE);
}

static void create_sequence(struct effects_reader *reader, json_t *body)
{
    sequence(reader, body);
    effects_creates(reader, json_object_get(body, "sequence"));
}

static void alter_sequence(struct effects_reader *reader, json_t *body)
{
    effects_lock(reader, json_object_get(body, "sequence"), SQL_LOCK_SHARE_ROW_EXCLUSIVE);
    sequence(reader, body);
}

/* The subtypes are letters: C adds a CHECK, V validates one, O sets NOT NULL; all others change only the domain
 * itself. */
static void alter_domain(struct effects_reader *reader, json_t *body)
{
    const char *const subtype = tree_string(body, "subtype");
    const bool reads = strcmp(subtype, "C") == 0 || strcmp(subtype, "V") == 0 || strcmp(subtype, "O") == 0;
    const json_t *const constraint = tree_body(json_object_get(body, "def"), "Constraint");
    if (reads && !tree_flag(constraint, "skip_validation")) {
        const json_t *const names = json_object_get(body, "typeName");
        effects_reach_object(reader, &(struct sql_reach){.kind = SQL_REACH_TYPE_USERS,
                                                         .lock = SQL_LOCK_SHARE,
                                                         .type = "type",
                                                         .schema = tree_name(names, 1),
                                                         .name = tree_name(names, 0)});
        effects_work(reader, SQL_WORK_SCAN,
                     subtype[0] == 'C'
                         ? "Every table that uses it is locked against writes: NOT VALID, then VALIDATE, splits it."
                         : "Every table that uses it is locked against writes and read.");
    }
}

/* ---- publications, statistics ---- */

static void publication(struct effects_reader *reader, json_t *body)
{
    const json_t *const objects = json_object_get(body, "pubobjects");
    if (tree_is(body, "action", "AP_SetObjects")) {
        effects_reach_object(reader, &(struct sql_reach){.kind = SQL_REACH_PUBLISHED,
                                                         .lock = SQL_LOCK_SHARE_UPDATE_EXCLUSIVE,
                                                         .type = "publication",
                                                         .name = tree_string(body, "pubname")});
    }
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *const object = tree_body(json_array_get(objects, i), "PublicationObjSpec");
        const json_t *const table = json_object_get(json_object_get(object, "pubtable"), "relation");
        effects_lock(reader, table, SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
        if (tree_flag(table, "inh")) {
            effects_reach(reader, SQL_REACH_CHILDREN, table, NULL, SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
        }
    }
}

static void statistics(struct effects_reader *reader, json_t *body)
{
    effects_lock_all(reader, json_object_get(body, "relations"), SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
}

const struct effects_kind effects_on_objects[] = {
    {.kind = "AlterDomainStmt", .take = alter_domain},
    {.kind = "AlterObjectDependsStmt", .take = depend_on_extension},
    {.kind = "AlterObjectSchemaStmt", .take = move},
    {.kind = "AlterPolicyStmt", .take = policy},
    {.kind = "AlterPublicationStmt", .take = publication},
    {.kind = "AlterSeqStmt", .take = alter_sequence},
    {.kind = "CommentStmt", .take = comment},
    {.kind = "CreatePolicyStmt", .take = policy},
    {.kind = "CreatePublicationStmt", .take = publication},
    {.kind = "CreateSeqStmt", .take = create_sequence},
    {.kind = "CreateStatsStmt", .take = statistics},
    {.kind = "CreateTrigStmt", .take = trigger},
    {.kind = "DropStmt", .take = drop},
    {.kind = "GrantStmt", .take = grant},
    {.kind = "RenameStmt", .take = rename_object},
    {.kind = "RuleStmt", .take = rule},
    {.kind = "SecLabelStmt", .take = comment},
    {.kind = "ViewStmt", .take = view},
    {0},
};
