/*
 * What is computed once and kept (an index, a generated column, the key of a partitioned table) may call only what is
 * IMMUTABLE, and a column that is indexed must have a type that the access method knows; and a view or table made of a
 * query has each column once.
 */
#include "sql/effects_reader.h"

#include "base/word_set.h"

#include <string.h>

/* ---- what is computed ---- */

/* The names that the parser itself writes are those of the schema pg_catalog: EXTRACT has functions for several types.
 */
static bool take_part(void *data, const char *key, json_t *object)
{
    struct effects_reader *const reader = data;
    const json_t *const names = json_object_get(object, "funcname");
    const char *const schema = tree_name(names, 1);
    if (strcmp(key, "SQLValueFunction") == 0) {
        reader->effects->wrong = "What the session says (the time, the user) may be in no index, generated column or "
                                 "partition key: it is not IMMUTABLE (42P17).";
    } else if (strcmp(key, "FuncCall") == 0 && (schema == NULL || strcmp(schema, "pg_catalog") != 0) &&
               !tree_flag(object, "func_variadic") && !effects_is_newer_syntax(reader, object)) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_IMMUTABLE,
                                               .schema = schema,
                                               .name = tree_name(names, 0),
                                               .part = arena_printf(reader->arena, "%zu", tree_count(object, "args")),
                                               .is_only_read = true});
    }
    return true;
}

static void take_column(struct effects_reader *reader, const json_t *column)
{
    const json_t *const constraints = json_object_get(column, "constraints");
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const json_t *const constraint = tree_body(json_array_get(constraints, i), "Constraint");
        if (tree_is(constraint, "contype", "CONSTR_GENERATED")) {
            tree_walk(json_object_get(constraint, "raw_expr"), take_part, reader);
        }
    }
}

/* ---- what is indexed ---- */

/* The columns must have a default operator class. method: as the statement names it, or "btree". */
static void need_class(struct effects_reader *reader, const json_t *range, const char *columns, const char *method)
{
    if (columns[0] != '\0') {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_INDEXABLE,
                                               .schema = tree_string(range, "schemaname"),
                                               .name = tree_string(range, "relname"),
                                               .part = columns,
                                               .types = arena_strdup(reader->arena, method),
                                               .is_only_read = true});
    }
}

static void of_index(struct effects_reader *reader, const json_t *body)
{
    json_t *const elements = json_object_get(body, "indexParams");
    const char *const method = tree_string(body, "accessMethod");
    struct buffer columns = {.arena = reader->arena};
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const element = tree_body(json_array_get(elements, i), "IndexElem");
        const char *const name = tree_string(element, "name");
        if (name[0] != '\0' && json_object_get(element, "opclass") == NULL) {
            effects_put_name(&columns, count++, name);
        }
    }
    tree_walk(elements, take_part, reader);
    tree_walk(json_object_get(body, "whereClause"), take_part, reader);
    need_class(reader, json_object_get(body, "relation"), buffer_string(&columns),
               method[0] == '\0' ? "btree" : method);
}

static void of_alter(struct effects_reader *reader, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const def = json_object_get(tree_body(json_array_get(commands, i), "AlterTableCmd"), "def");
        const json_t *const constraint = tree_body(def, "Constraint");
        take_column(reader, tree_body(def, "ColumnDef"));
        if (word_is_among("CONSTR_PRIMARY CONSTR_UNIQUE", tree_string(constraint, "contype"))) {
            need_class(reader, json_object_get(body, "relation"),
                       effects_names_of(reader->arena, json_object_get(constraint, "keys")), "btree");
        }
    }
}

static void of_table(struct effects_reader *reader, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "tableElts");
    const json_t *const parameters = json_object_get(json_object_get(body, "partspec"), "partParams");
    for (size_t i = 0; i < json_array_size(elements); i++) {
        take_column(reader, tree_body(json_array_get(elements, i), "ColumnDef"));
    }
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        tree_walk(json_object_get(tree_body(json_array_get(parameters, i), "PartitionElem"), "expr"), take_part,
                  reader);
    }
}

/* ---- what a query gives ---- */

/* names: those that the statement gives to the columns instead; NULL: none. */
static void of_query(struct effects_reader *reader, const json_t *query, const json_t *names)
{
    const json_t *const select = tree_first_select(tree_body(query, "SelectStmt"));
    const json_t *const targets = json_object_get(select, "targetList");
    struct word_set seen = {0};
    for (size_t i = 0; json_array_size(names) == 0 && i < json_array_size(targets); i++) {
        const char *const name = effects_result_name(tree_body(json_array_get(targets, i), "ResTarget"));
        if (word_set_has(&seen, name)) {
            reader->effects->wrong =
                arena_printf(reader->arena, "Its query gives two columns \"%s\": name one of them (42701).", name);
        } else if (name[0] != '\0') {
            word_set_add(reader->arena, &seen, name);
        }
    }
}

void effects_computed(struct effects_reader *reader, const char *kind, const json_t *body)
{
    if (strcmp(kind, "IndexStmt") == 0) {
        of_index(reader, body);
    } else if (strcmp(kind, "AlterTableStmt") == 0) {
        of_alter(reader, body);
    } else if (strcmp(kind, "CreateStmt") == 0) {
        of_table(reader, body);
    } else if (strcmp(kind, "ViewStmt") == 0) {
        of_query(reader, json_object_get(body, "query"), json_object_get(body, "aliases"));
    } else if (strcmp(kind, "CreateTableAsStmt") == 0) {
        of_query(reader, json_object_get(body, "query"), json_object_get(json_object_get(body, "into"), "colNames"));
    }
}
