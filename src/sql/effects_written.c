/*
 * The rows of constants that INSERT and UPDATE write (written.h).
 */
#include "sql/effects_reader.h"

#include <string.h>

#define MOST_ROWS 200 /* of one statement */

struct sql_value effects_value(const struct effects_reader *reader, const json_t *node)
{
    const json_t *const constant = tree_body(node, "A_Const");
    const bool is_null = constant != NULL && tree_flag(constant, "isnull");
    const char *const text = constant == NULL || is_null ? NULL : effects_constant_text(reader, constant);
    return (struct sql_value){tree_body(node, "SetToDefault") != NULL     ? SQL_VALUE_DEFAULT
                              : is_null                                   ? SQL_VALUE_NULL
                              : text == NULL                              ? SQL_VALUE_COMPUTED
                              : json_object_get(constant, "sval") != NULL ? SQL_VALUE_STRING
                                                                          : SQL_VALUE_PLAIN,
                              text};
}

/* written: the values, and what else is known of them. */
static void note(struct effects_reader *reader, const json_t *range, const json_t *targets, struct sql_written written)
{
    written.schema = effects_kept(reader->arena, tree_string(range, "schemaname"));
    written.name = arena_strdup(reader->arena, tree_string(range, "relname"));
    written.columns = effects_target_names(reader->arena, targets);
    reader->effects->written = arena_alloc(reader->arena, sizeof written);
    *reader->effects->written = written;
}

/* Is each target a whole column? Not a field or an element of one, nor one of several that get a row. */
static bool are_whole(const json_t *targets)
{
    bool are = true;
    for (size_t i = 0; are && i < json_array_size(targets); i++) {
        const json_t *const target = tree_body(json_array_get(targets, i), "ResTarget");
        are = json_object_get(target, "indirection") == NULL &&
              tree_body(json_object_get(target, "val"), "MultiAssignRef") == NULL;
    }
    return are;
}

/* ---- INSERT ---- */

/* Has it none of these parts? The list ends with NULL. */
static bool lacks(const json_t *body, const char *const *parts)
{
    bool lacks = true;
    for (size_t i = 0; lacks && parts[i] != NULL; i++) {
        lacks = json_object_get(body, parts[i]) == NULL;
    }
    return lacks;
}

/* The number of rows of constants: those of VALUES, or one of a SELECT from nothing. */
static size_t count_rows(const json_t *query)
{
    static const char *const others[] = {"fromClause",  "whereClause", "groupClause", "havingClause",   "limitCount",
                                         "limitOffset", "withClause",  "larg",        "distinctClause", NULL};
    const size_t count = tree_count(query, "valuesLists");
    const bool is_row = tree_count(query, "targetList") > 0 && lacks(query, others);
    return count > 0 ? (count < MOST_ROWS ? count : MOST_ROWS) : is_row ? 1 : 0;
}

static const json_t *value_at(const json_t *query, size_t row, size_t column)
{
    const json_t *const rows = json_object_get(query, "valuesLists");
    return rows != NULL
               ? json_array_get(json_object_get(tree_body(json_array_get(rows, row), "List"), "items"), column)
               : json_object_get(tree_body(json_array_get(json_object_get(query, "targetList"), column), "ResTarget"),
                                 "val");
}

static void of_insert(struct effects_reader *reader, const json_t *body)
{
    const json_t *const query = tree_body(json_object_get(body, "selectStmt"), "SelectStmt");
    const json_t *const targets = json_object_get(body, "cols");
    const size_t count = count_rows(query);
    const size_t width = effects_count_values(query);
    if (count == 0 || width == 0 || tree_is(body, "override", "OVERRIDING_USER_VALUE") || !are_whole(targets) ||
        (targets != NULL && json_array_size(targets) != width)) {
        return;
    }
    struct sql_value *const values = arena_array(reader->arena, count * width, sizeof *values);
    for (size_t i = 0; i < count * width; i++) {
        values[i] = effects_value(reader, value_at(query, i / width, i % width));
    }
    note(reader, json_object_get(body, "relation"), targets,
         (struct sql_written){.values = values,
                              .width = width,
                              .count = count,
                              .is_all = tree_count(query, "valuesLists") <= count,
                              .may_pass_over = json_object_get(body, "onConflictClause") != NULL});
}

/* ---- UPDATE ---- */

static void of_update(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const targets = json_object_get(body, "targetList");
    json_t *const where = json_object_get(body, "whereClause");
    const size_t width = json_array_size(targets);
    if (width == 0 || !are_whole(targets) || !tree_flag(range, "inh")) {
        return;
    }
    const char *const read = where == NULL ? "" : effects_plain_columns(reader->arena, where);
    const char *const text = read == NULL ? NULL : where == NULL ? "" : effects_source(reader, "where", 0, where);
    if (text == NULL) {
        return;
    }
    struct sql_value *const values = arena_array(reader->arena, width, sizeof *values);
    for (size_t i = 0; i < width; i++) {
        values[i] = effects_value(reader, json_object_get(tree_body(json_array_get(targets, i), "ResTarget"), "val"));
    }
    note(reader, range, targets,
         (struct sql_written){.values = values, .width = width, .count = 1, .where = text, .where_columns = read});
}

void effects_written(struct effects_reader *reader, const json_t *body)
{
    static const char *const others[] = {"fromClause", "withClause", NULL};
    if (!lacks(body, others)) {
        return;
    }
    if (json_object_get(body, "targetList") != NULL) {
        of_update(reader, body);
    } else if (json_object_get(body, "selectStmt") != NULL) {
        of_insert(reader, body);
    }
}
