/*
 * What INSERT and UPDATE need of the columns that they write: that these exist, can take a value, and are as many as
 * the values.
 */
#include "sql/effects_reader.h"

#include <string.h>

static void need_part(struct effects_reader *reader, enum sql_need_kind kind, const json_t *range, const char *part)
{
    effects_need(reader, (struct sql_need){.kind = kind,
                                           .schema = tree_string(range, "schemaname"),
                                           .name = tree_string(range, "relname"),
                                           .part = part,
                                           .is_only_read = true});
}

/* ---- the values of an INSERT ---- */

const char *effects_target_names(struct arena *arena, const json_t *targets)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < json_array_size(targets); i++) {
        effects_put_name(&names, i, tree_string(tree_body(json_array_get(targets, i), "ResTarget"), "name"));
    }
    return buffer_string(&names);
}

static bool find_star(void *data, const char *key, json_t *object)
{
    bool *const found = data;
    (void)object;
    *found = *found || strcmp(key, "A_Star") == 0;
    return strcmp(key, "SelectStmt") != 0;
}

static bool has_star(json_t *tree)
{
    bool found = false;
    tree_walk(tree, find_star, &found);
    return found;
}

/* The first SELECT or VALUES of a UNION has as many columns as the others. */
static const json_t *first_query(const json_t *insert)
{
    return tree_first_select(tree_body(json_object_get(insert, "selectStmt"), "SelectStmt"));
}

static json_t *row_of(const json_t *rows, size_t number)
{
    return json_object_get(tree_body(json_array_get(rows, number), "List"), "items");
}

/* The values in each row of VALUES or of a query; a star among them stands for several. */
static json_t *items_of(const json_t *query)
{
    const json_t *const rows = json_object_get(query, "valuesLists");
    return json_array_size(rows) > 0 ? row_of(rows, 0) : json_object_get(query, "targetList");
}

size_t effects_count_values(const json_t *query)
{
    json_t *const items = items_of(query);
    return has_star(items) ? 0 : json_array_size(items);
}

/* Does this column get a value that is not DEFAULT? After a star, that is not known. */
static bool has_value(const json_t *query, size_t column)
{
    const json_t *const rows = json_object_get(query, "valuesLists");
    bool has = json_array_size(rows) == 0;
    for (size_t i = 0; !has && i < json_array_size(rows); i++) {
        json_t *const row = row_of(rows, i);
        has = column < json_array_size(row) && !has_star(row) &&
              tree_body(json_array_get(row, column), "SetToDefault") == NULL;
    }
    return has;
}

/* What SELECT gives to this column; NULL: not known, or there are rows of VALUES. */
static const json_t *selected(const json_t *query, size_t column)
{
    json_t *const targets = json_object_get(query, "targetList");
    return has_star(targets) ? NULL : json_object_get(tree_body(json_array_get(targets, column), "ResTarget"), "val");
}

static void need_value(struct effects_reader *reader, const json_t *range, const char *column, bool overrides)
{
    need_part(reader, SQL_NEED_NOT_GENERATED, range, column);
    if (!overrides) {
        need_part(reader, SQL_NEED_NOT_ALWAYS, range, column);
    }
}

static void need_of_columns(struct effects_reader *reader, enum sql_need_kind kind, const json_t *range,
                            const char *columns, bool by_number)
{
    effects_need(reader, (struct sql_need){.kind = kind,
                                           .schema = tree_string(range, "schemaname"),
                                           .name = tree_string(range, "relname"),
                                           .part = columns,
                                           .types = by_number ? "number" : "",
                                           .is_only_read = true});
}

/* Of rows of VALUES, which there are, and of DEFAULT VALUES: every column without a default must get a value. */
static void need_filled(struct effects_reader *reader, const json_t *body, const json_t *query)
{
    const json_t *const columns = json_object_get(body, "cols");
    const json_t *const range = json_object_get(body, "relation");
    const size_t values = query == NULL ? 0 : effects_count_values(query);
    if (query != NULL && tree_count(query, "valuesLists") == 0) {
        return;
    }
    if (json_array_size(columns) > 0) {
        need_of_columns(reader, SQL_NEED_FILLED, range, effects_target_names(reader->arena, columns), false);
    } else if (query == NULL || values > 0) {
        need_of_columns(reader, SQL_NEED_FILLED, range, arena_printf(reader->arena, "%zu", values), true);
    }
}

/* Is some row's value in this column NULL? In front of it stands no star. */
static bool has_null(const json_t *query, size_t column)
{
    const json_t *const rows = json_object_get(query, "valuesLists");
    bool has = false;
    for (size_t i = 0; !has && i < json_array_size(rows); i++) {
        json_t *const row = row_of(rows, i);
        has = !has_star(row) && tree_flag(tree_body(json_array_get(row, column), "A_Const"), "isnull");
    }
    return has;
}

/* A NULL that is written out, of rows of VALUES. */
static void need_nullable(struct effects_reader *reader, const json_t *body, const json_t *query)
{
    const json_t *const columns = json_object_get(body, "cols");
    struct buffer nulls = {.arena = reader->arena};
    size_t count = 0;
    for (size_t i = 0; i < effects_count_values(query); i++) {
        const char *const name = tree_string(tree_body(json_array_get(columns, i), "ResTarget"), "name");
        if (has_null(query, i)) {
            effects_put_name(&nulls, count++,
                             json_array_size(columns) > 0 ? name : arena_printf(reader->arena, "%zu", i + 1));
        }
    }
    if (count > 0) {
        need_of_columns(reader, SQL_NEED_NULLABLE, json_object_get(body, "relation"), buffer_string(&nulls),
                        json_array_size(columns) == 0);
    }
}

static void of_insert(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const columns = json_object_get(body, "cols");
    const json_t *const query = first_query(body);
    const size_t values = effects_count_values(query);
    const size_t count = json_array_size(columns);
    const bool overrides = !tree_is(body, "override", "") && !tree_is(body, "override", "OVERRIDING_NOT_SET");
    for (size_t i = 0; i < count; i++) {
        const char *const name = tree_string(tree_body(json_array_get(columns, i), "ResTarget"), "name");
        effects_need_part(reader, SQL_NEED_COLUMN, range, name);
        if (query != NULL && has_value(query, i)) {
            need_value(reader, range, name, overrides);
            effects_label_of_column(reader, range, name, selected(query, i));
        }
    }
    need_filled(reader, body, query);
    need_nullable(reader, body, query);
    if (count > 0 && values > 0 && values != count) {
        reader->effects->wrong =
            values > count ? "It has more values than columns (42601)." : "It has more columns than values (42601).";
    } else if (count == 0 && values > 0) {
        need_part(reader, SQL_NEED_COLUMN_COUNT, range, arena_printf(reader->arena, "%zu", values));
    }
}

/* ---- UPDATE ---- */

static void of_update(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const targets = json_object_get(body, "targetList");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *const target = tree_body(json_array_get(targets, i), "ResTarget");
        effects_need_part(reader, SQL_NEED_COLUMN, range, tree_string(target, "name"));
        if (tree_body(json_object_get(target, "val"), "SetToDefault") == NULL) {
            need_value(reader, range, tree_string(target, "name"), false);
        }
    }
}

void effects_deleted_rows(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    json_t *const where = json_object_get(body, "whereClause");
    const char *const columns = where == NULL ? "" : effects_plain_columns(reader->arena, where);
    const char *const text = columns == NULL ? NULL : where == NULL ? "" : effects_source(reader, "where", 0, where);
    if (text != NULL && json_object_get(body, "usingClause") == NULL && json_object_get(body, "withClause") == NULL) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_CHILDLESS,
                                               .schema = tree_string(range, "schemaname"),
                                               .name = tree_string(range, "relname"),
                                               .part = columns[0] == '\0' ? "\x1F" : columns,
                                               .types = text,
                                               .is_only_read = true});
    }
}

void effects_rows(struct effects_reader *reader, const json_t *body)
{
    effects_written(reader, body);
    if (json_object_get(body, "targetList") != NULL) {
        of_update(reader, body);
    } else {
        of_insert(reader, body);
    }
}
