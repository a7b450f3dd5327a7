/*
 * What a statement needs to be there already: roles, types, functions, schemas and the like wherever its tree names
 * them, and of its own table the columns, constraints and triggers that it works on. What may be missing (IF EXISTS, IF
 * NOT EXISTS) is not asked for, nor what is inside of options, whose words are no names.
 */
#include "sql/effects_reader.h"

#include <string.h>

#define MOST_NEEDS 200 /* of a statement */

static void need(struct effects_reader *reader, struct sql_need need)
{
    struct sql_effects *const effects = reader->effects;
    if (need.name == NULL || need.name[0] == '\0' || effects->need_count == MOST_NEEDS) {
        return;
    }
    effects->needs =
        arena_grow(reader->arena, effects->needs, effects->need_count, &reader->need_capacity, sizeof *effects->needs);
    effects->needs[effects->need_count++] = (struct sql_need){
        need.kind,
        need.schema == NULL || need.schema[0] == '\0' ? NULL : arena_strdup(reader->arena, need.schema),
        arena_strdup(reader->arena, need.name),
        arena_strdup(reader->arena, need.part),
    };
}

static void need_part(struct effects_reader *reader, enum sql_need_kind kind, const json_t *range, const char *part)
{
    if (part != NULL && part[0] != '\0') {
        need(reader, (struct sql_need){kind, tree_string(range, "schemaname"), tree_string(range, "relname"), part});
    }
}

/* ---- names anywhere in the tree ---- */

/* serial and its kin are words for a column. */
static void need_type(struct effects_reader *reader, const json_t *type)
{
    const json_t *const names = json_object_get(type, "names");
    const char *const schema = tree_name(names, 1);
    if (!tree_flag(type, "pct_type") && !effects_is_builtin(type) &&
        (schema == NULL || strcmp(schema, "pg_catalog") != 0)) {
        need(reader, (struct sql_need){SQL_NEED_TYPE, schema, tree_name(names, 0), NULL});
    }
}

/* REFERENCES t (a, b) wants a unique constraint over them, REFERENCES t a primary key. */
static void need_key(struct effects_reader *reader, const json_t *constraint)
{
    const json_t *const range = json_object_get(constraint, "pktable");
    const json_t *const columns = json_object_get(constraint, "pk_attrs");
    struct buffer list = {.arena = reader->arena};
    for (size_t i = json_array_size(columns); i-- > 0;) {
        buffer_printf(&list, "%s%s", list.size == 0 ? "" : "\x1F", tree_name(columns, i));
    }
    if (range != NULL && !tree_is(constraint, "contype", "")) {
        need(reader, (struct sql_need){SQL_NEED_KEY, tree_string(range, "schemaname"), tree_string(range, "relname"),
                                       buffer_string(&list)});
    }
}

static void need_object(struct effects_reader *reader, const json_t *body)
{
    const json_t *const collation = json_object_get(body, "collname");
    const char *const schema = tree_string(body, "schemaname");
    if (tree_is(body, "roletype", "ROLESPEC_CSTRING")) {
        need(reader, (struct sql_need){SQL_NEED_ROLE, NULL, tree_string(body, "rolename"), NULL});
    }
    if (json_object_get(body, "typemod") != NULL) {
        need_type(reader, body);
    }
    if (json_is_array(collation)) {
        need(reader, (struct sql_need){SQL_NEED_COLLATION, tree_name(collation, 1), tree_name(collation, 0), NULL});
    }
    if (json_object_get(body, "relpersistence") != NULL && strncmp(schema, "pg_", 3) != 0) {
        need(reader, (struct sql_need){SQL_NEED_SCHEMA, NULL, schema, NULL});
    }
    need(reader, (struct sql_need){SQL_NEED_TABLESPACE, NULL, tree_string(body, "tablespacename"), NULL});
    if (json_object_get(body, "pktable") != NULL) {
        need_key(reader, body);
    }
}

/* Of PostgreSQL's own the parser writes some by itself, which an older server has by another name: EXTRACT is
 * pg_catalog.extract() since 14, date_part() before. */
static void need_function(struct effects_reader *reader, const json_t *names)
{
    const char *const schema = tree_name(names, 1);
    if (schema == NULL || strcmp(schema, "pg_catalog") != 0) {
        need(reader, (struct sql_need){SQL_NEED_FUNCTION, schema, tree_name(names, 0), NULL});
    }
}

static void walk(struct effects_reader *reader, json_t *tree)
{
    const char *key;
    json_t *value;
    size_t i;
    json_array_foreach(tree, i, value)
    {
        walk(reader, value);
    }
    if (!json_is_object(tree)) {
        return;
    }
    need_object(reader, tree);
    json_object_foreach(tree, key, value)
    {
        const json_t *const names = strcmp(key, "FuncCall") == 0 ? json_object_get(value, "funcname") : NULL;
        if (names != NULL) {
            need_function(reader, names);
        }
        if (strcmp(key, "DefElem") != 0 && strcmp(key, "returnType") != 0) {
            walk(reader, value);
        }
    }
}

/* ---- of its own table ---- */

/* Is it NOT NULL, and nothing gives it a value? A type that is not built in may: a domain has a DEFAULT of its own. */
static bool is_left_empty(const json_t *column)
{
    const json_t *const type = json_object_get(column, "typeName");
    const json_t *const constraints = json_object_get(column, "constraints");
    bool is = false;
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const char *const kind = tree_string(tree_body(json_array_get(constraints, i), "Constraint"), "contype");
        if (effects_is_one_of("CONSTR_DEFAULT CONSTR_IDENTITY CONSTR_GENERATED", kind)) {
            return false;
        }
        is = is || strcmp(kind, "CONSTR_NOTNULL") == 0;
    }
    return is && effects_is_builtin(type) && !effects_is_serial(type);
}

/* Nothing is said where the statement does more than to add columns. */
static void need_no_rows(struct effects_reader *reader, const json_t *range, const json_t *commands)
{
    const char *empty = NULL;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const column = tree_body(json_object_get(command, "def"), "ColumnDef");
        if (!tree_is(command, "subtype", "AT_AddColumn")) {
            return;
        }
        empty = !tree_flag(command, "missing_ok") && is_left_empty(column) ? tree_string(column, "colname") : empty;
    }
    need_part(reader, SQL_NEED_NO_ROWS, range, empty);
}

static void of_alter(struct effects_reader *reader, const json_t *body)
{
    static const struct {
        const char *subtypes;
        enum sql_need_kind kind;
    } parts[] = {
        {"AT_DropColumn AT_AlterColumnType AT_ColumnDefault AT_SetNotNull AT_DropNotNull AT_SetStatistics "
         "AT_SetStorage "
         "AT_SetCompression AT_SetIdentity AT_DropIdentity AT_AddIdentity AT_SetOptions AT_ResetOptions",
         SQL_NEED_COLUMN},
        {"AT_DropConstraint AT_ValidateConstraint", SQL_NEED_CONSTRAINT},
        {"AT_EnableTrig AT_EnableAlwaysTrig AT_EnableReplicaTrig AT_DisableTrig", SQL_NEED_TRIGGER},
    };
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const commands = json_object_get(body, "cmds");
    for (size_t i = 0; tree_is(body, "objtype", "OBJECT_TABLE") && i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        for (size_t j = 0; !tree_flag(command, "missing_ok") && j < sizeof parts / sizeof parts[0]; j++) {
            if (effects_is_one_of(parts[j].subtypes, tree_string(command, "subtype"))) {
                need_part(reader, parts[j].kind, range, tree_string(command, "name"));
            }
        }
        if (tree_is(command, "subtype", "AT_SetTableSpace")) {
            need(reader, (struct sql_need){SQL_NEED_TABLESPACE, NULL, tree_string(command, "name"), NULL});
        }
    }
    if (tree_is(body, "objtype", "OBJECT_TABLE")) {
        need_no_rows(reader, range, commands);
    }
}

/* DROP TRIGGER t ON table, DROP POLICY; DROP TYPE, FUNCTION, SCHEMA. */
static void of_drop(struct effects_reader *reader, const json_t *body)
{
    static const struct {
        const char *removed;
        enum sql_need_kind kind;
        bool on_table;
    } kinds[] = {
        {"OBJECT_TRIGGER", SQL_NEED_TRIGGER, true},    {"OBJECT_POLICY", SQL_NEED_POLICY, true},
        {"OBJECT_TYPE", SQL_NEED_TYPE, false},         {"OBJECT_DOMAIN", SQL_NEED_TYPE, false},
        {"OBJECT_FUNCTION", SQL_NEED_FUNCTION, false}, {"OBJECT_PROCEDURE", SQL_NEED_FUNCTION, false},
        {"OBJECT_SCHEMA", SQL_NEED_SCHEMA, false},
    };
    const json_t *const objects = json_object_get(body, "objects");
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *const object = json_array_get(objects, i);
        const json_t *const list = json_object_get(tree_body(object, "List"), "items");
        const json_t *const function = json_object_get(tree_body(object, "ObjectWithArgs"), "objname");
        const json_t *const type = json_object_get(tree_body(object, "TypeName"), "names");
        const json_t *const names = list != NULL ? list : function != NULL ? function : type;
        const char *const alone = tree_string(tree_body(object, "String"), "sval");
        for (size_t j = 0; j < sizeof kinds / sizeof kinds[0]; j++) {
            if (tree_is(body, "removeType", kinds[j].removed)) {
                need(reader, kinds[j].on_table ? (struct sql_need){kinds[j].kind, tree_name(names, 2),
                                                                   tree_name(names, 1), tree_name(names, 0)}
                                               : (struct sql_need){kinds[j].kind, tree_name(names, 1),
                                                                   names == NULL ? alone : tree_name(names, 0), NULL});
            }
        }
    }
}

static void of_rename(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    if (tree_is(body, "renameType", "OBJECT_COLUMN") && tree_is(body, "relationType", "OBJECT_TABLE")) {
        need_part(reader, SQL_NEED_COLUMN, range, tree_string(body, "subname"));
    } else if (tree_is(body, "renameType", "OBJECT_TABCONSTRAINT")) {
        need_part(reader, SQL_NEED_CONSTRAINT, range, tree_string(body, "subname"));
    }
}

static void of_comment(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(json_object_get(json_object_get(body, "object"), "List"), "items");
    if (tree_is(body, "objtype", "OBJECT_COLUMN")) {
        need(reader, (struct sql_need){SQL_NEED_COLUMN, tree_name(names, 2), tree_name(names, 1), tree_name(names, 0)});
    }
}

static void of_index(struct effects_reader *reader, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "indexParams");
    need(reader, (struct sql_need){SQL_NEED_METHOD, NULL, tree_string(body, "accessMethod"), NULL});
    for (size_t i = 0; i < json_array_size(elements); i++) {
        need_part(reader, SQL_NEED_COLUMN, json_object_get(body, "relation"),
                  tree_string(tree_body(json_array_get(elements, i), "IndexElem"), "name"));
    }
}

/* The columns of INSERT and UPDATE. */
static void of_rows(struct effects_reader *reader, const json_t *body)
{
    const json_t *const columns = json_object_get(body, "cols");
    const json_t *const targets = columns != NULL ? columns : json_object_get(body, "targetList");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        need_part(reader, SQL_NEED_COLUMN, json_object_get(body, "relation"),
                  tree_string(tree_body(json_array_get(targets, i), "ResTarget"), "name"));
    }
}

static void of_trigger(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(body, "funcname");
    need(reader, (struct sql_need){SQL_NEED_FUNCTION, tree_name(names, 1), tree_name(names, 0), NULL});
}

static void of_move(struct effects_reader *reader, const json_t *body)
{
    need(reader, (struct sql_need){SQL_NEED_SCHEMA, NULL, tree_string(body, "newschema"), NULL});
}

/* SET ROLE joe; a setting with a dot in its name needs nobody who knows it. */
static void of_set(struct effects_reader *reader, const json_t *body)
{
    const char *const name = tree_string(body, "name");
    const char *const value = effects_constant(json_array_get(json_object_get(body, "args"), 0));
    if (!tree_is(body, "kind", "VAR_SET_VALUE")) {
        return;
    }
    if (strcmp(name, "role") == 0 && strcmp(value, "none") != 0) {
        need(reader, (struct sql_need){SQL_NEED_ROLE, NULL, value, NULL});
    } else if (strchr(name, '.') == NULL) {
        need(reader, (struct sql_need){SQL_NEED_SETTING, NULL, name, NULL});
    }
}

static const struct {
    const char *kind;
    void (*take)(struct effects_reader *reader, const json_t *body);
    bool is_whole; /* nothing else in its tree is a name of what must be there */
} statements[] = {
    {"AlterTableStmt", of_alter, false},
    {"DropStmt", of_drop, true},
    {"RenameStmt", of_rename, false},
    {"CommentStmt", of_comment, true},
    {"IndexStmt", of_index, false},
    {"InsertStmt", of_rows, false},
    {"UpdateStmt", of_rows, false},
    {"CreateTrigStmt", of_trigger, false},
    {"AlterObjectSchemaStmt", of_move, false},
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
    size_t i = 0;
    if (tree_flag(body, "missing_ok") || tree_flag(body, "if_not_exists")) {
        return;
    }
    while (i < sizeof statements / sizeof statements[0] && strcmp(statements[i].kind, kind) != 0) {
        i++;
    }
    const bool is_known = i < sizeof statements / sizeof statements[0];
    if (is_known && statements[i].take != NULL) {
        statements[i].take(reader, body);
    }
    if (!is_known || !statements[i].is_whole) {
        walk(reader, body);
    }
}
