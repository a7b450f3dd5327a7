/*
 * One walk over libpg_query's tree: what matters is recognized by its key, wherever it is.
 */
#include "sql/mentions.h"

#include "sql/parse.h"
#include "sql/parse_tree.h"

#include <string.h>

struct walk {
    struct arena *arena;
    struct sql_mentions *mentions;
    size_t depth; /* of statements */
};

static void walk(struct walk *walking, const char *key, json_t *value);

static void add(const struct walk *walking, struct sql_mention mention)
{
    struct sql_mentions *const out = walking->mentions;
    out->items = arena_grow(walking->arena, out->items, out->count, &out->capacity, sizeof *out->items);
    out->items[out->count++] = mention;
}

/* Copies a text, because the tree is freed and the mentions stay. */
static const char *kept(const struct walk *walking, const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : arena_strdup(walking->arena, text);
}

static void add_named(const struct walk *walking, enum sql_mention_kind kind, const json_t *names, bool has_arguments)
{
    add(walking, (struct sql_mention){
                     .kind = kind,
                     .schema = kept(walking, tree_name(names, 1)),
                     .name = kept(walking, tree_name(names, 0)),
                     .has_arguments = has_arguments,
                 });
}

/* ---- what matters ---- */

static void take_table(const struct walk *walking, const json_t *body)
{
    const char *const schema = kept(walking, tree_string(body, "schemaname"));
    const char *const name = kept(walking, tree_string(body, "relname"));
    if (name != NULL && !tree_is_cte(body)) {
        add(walking, (struct sql_mention){.kind = SQL_TABLE_MENTIONED, .schema = schema, .name = name});
    }
}

static void take_function(const struct walk *walking, const json_t *body)
{
    add_named(walking, SQL_FUNCTION_MENTIONED, json_object_get(body, "funcname"), tree_count(body, "args") > 0);
}

static void take_operator(const struct walk *walking, const json_t *body)
{
    add_named(walking, SQL_OPERATOR_MENTIONED, json_object_get(body, "name"), true);
}

static void take_sub_query(const struct walk *walking, const json_t *body)
{
    if (tree_is(body, "subLinkType", "ANY_SUBLINK") || tree_is(body, "subLinkType", "ALL_SUBLINK")) {
        add_named(walking, SQL_OPERATOR_MENTIONED, json_object_get(body, "operName"), true);
    }
}

static void take_case(const struct walk *walking, const json_t *body)
{
    if (json_object_get(body, "arg") != NULL) {
        add(walking, (struct sql_mention){.kind = SQL_OPERATOR_MENTIONED, .name = "="});
    }
}

static void take_order(const struct walk *walking, const json_t *body)
{
    if (tree_count(body, "useOp") > 0) {
        add_named(walking, SQL_OPERATOR_MENTIONED, json_object_get(body, "useOp"), true);
    }
}

static void take_sample(const struct walk *walking, const json_t *body)
{
    add_named(walking, SQL_FUNCTION_MENTIONED, json_object_get(body, "method"), true);
}

static void take_type(const struct walk *walking, const json_t *body)
{
    add_named(walking, SQL_TYPE_MENTIONED, json_object_get(body, "names"), false);
}

static void take_parameter(const struct walk *walking, const json_t *body)
{
    (void)body;
    add(walking, (struct sql_mention){.kind = SQL_PARAMETER_MENTIONED});
}

static void take_into(const struct walk *walking, const json_t *body)
{
    (void)body;
    add(walking, (struct sql_mention){.kind = SQL_INTO_MENTIONED});
}

static void take_row_lock(const struct walk *walking, const json_t *body)
{
    (void)body;
    add(walking, (struct sql_mention){.kind = SQL_ROW_LOCK_MENTIONED});
}

/* serial is an integer; the name of an array begins with an underscore. */
static const char *column_type(const struct walk *walking, const json_t *type)
{
    static const char *const serials[][2] = {{"serial", "int4"},  {"serial4", "int4"},     {"bigserial", "int8"},
                                             {"serial8", "int8"}, {"smallserial", "int2"}, {"serial2", "int2"}};
    const json_t *const names = json_object_get(type, "names");
    const char *const schema = tree_name(names, 1);
    const char *const name = tree_name(names, 0);
    for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
        if (name != NULL && schema == NULL && strcmp(name, serials[i][0]) == 0) {
            return serials[i][1];
        }
    }
    return schema != NULL && strcmp(schema, "pg_catalog") != 0
               ? arena_printf(walking->arena, "%s.%s", schema, name)
               : arena_printf(walking->arena, "%s%s", tree_count(type, "arrayBounds") > 0 ? "_" : "", name);
}

static void take_column(const struct walk *walking, const json_t *body)
{
    const json_t *const type = json_object_get(body, "typeName");
    if (type != NULL) {
        add(walking, (struct sql_mention){
                         .kind = SQL_COLUMN_MENTIONED,
                         .name = kept(walking, tree_string(body, "colname")),
                         .type = column_type(walking, type),
                     });
    }
}

static const struct {
    const char *key;
    void (*take)(const struct walk *walking, const json_t *body);
} takers[] = {
    {"FuncCall", take_function}, {"A_Expr", take_operator},        {"SubLink", take_sub_query},
    {"CaseExpr", take_case},     {"SortBy", take_order},           {"RangeTableSample", take_sample},
    {"typeName", take_type},     {"TypeName", take_type},          {"ParamRef", take_parameter},
    {"intoClause", take_into},   {"lockingClause", take_row_lock}, {"ColumnDef", take_column},
};

/* ---- statements ---- */

static bool is_statement(const char *key)
{
    return text_ends_with(text_of(key), "Stmt") && key[0] >= 'A' && key[0] <= 'Z';
}

/* The column's name as PostgreSQL gives it, for simple expressions; NULL: the query does not tell. */
static const char *result_name(const struct walk *walking, const json_t *target)
{
    const char *const said = kept(walking, tree_string(target, "name"));
    const json_t *const column = json_object_get(json_object_get(target, "val"), "ColumnRef");
    const json_t *const fields = json_object_get(column, "fields");
    if (said != NULL || column == NULL) {
        return said;
    }
    const json_t *const last = json_array_get(fields, json_array_size(fields) - 1);
    return json_object_get(last, "A_Star") != NULL ? "*" : kept(walking, tree_name(fields, 0));
}

static void take_results(const struct walk *walking, const json_t *select)
{
    const json_t *const targets = json_object_get(tree_first_select(select), "targetList");
    size_t i;
    json_t *target;
    json_array_foreach(targets, i, target)
    {
        add(walking, (struct sql_mention){
                         .kind = SQL_RESULT_MENTIONED,
                         .name = result_name(walking, tree_body(target, "ResTarget")),
                     });
    }
}

static void enter_statement(struct walk *walking, const char *kind, const json_t *body)
{
    add(walking, (struct sql_mention){
                     .kind = SQL_STATEMENT_MENTIONED, .name = kept(walking, kind), .is_inner = walking->depth > 0});
    if (walking->depth == 0 && strcmp(kind, "SelectStmt") == 0) {
        take_results(walking, body);
    }
}

/* ---- the walk ---- */

static void walk_object(struct walk *walking, json_t *object)
{
    const char *key;
    json_t *value;
    if (json_object_get(object, "relname") != NULL) {
        take_table(walking, object);
    }
    json_object_foreach(object, key, value)
    {
        walk(walking, key, value);
    }
}

static void walk(struct walk *walking, const char *key, json_t *value)
{
    const bool is_inside = key != NULL && is_statement(key);
    size_t i;
    json_t *item;
    for (i = 0; key != NULL && i < sizeof takers / sizeof takers[0]; i++) {
        if (strcmp(key, takers[i].key) == 0) {
            takers[i].take(walking, value);
        }
    }
    if (is_inside) {
        enter_statement(walking, key, value);
        walking->depth++;
    }
    if (json_is_object(value)) {
        walk_object(walking, value);
    }
    json_array_foreach(value, i, item)
    {
        walk(walking, NULL, item);
    }
    walking->depth -= is_inside ? 1 : 0;
}

static bool read_tree(struct arena *arena, json_t *tree, struct sql_mentions *mentions)
{
    size_t i;
    json_t *raw;
    json_array_foreach(json_object_get(tree, "stmts"), i, raw)
    {
        json_t *const statement = json_object_get(raw, "stmt");
        struct walk walking = {.arena = arena, .mentions = mentions};
        walk(&walking, NULL, statement);
        mentions->statement_count++;
    }
    return tree != NULL;
}

bool sql_mentions_of(struct arena *arena, struct text sql, struct sql_mentions *mentions, struct status *status)
{
    *mentions = (struct sql_mentions){0};
    if (sql.size > SQL_MENTIONS_LIMIT || !sql_may_be_parsed(sql)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "this is longer than %d bytes, too deep, or has a quote or comment that does not end",
                           SQL_MENTIONS_LIMIT);
    }
    const char *error;
    json_t *const tree = sql_parse_checked(arena, sql, &error);
    const bool ok = read_tree(arena, tree, mentions);
    json_decref(tree);
    return ok || status_fail(status, STATUS_INVALID_ARGUMENT, "%s", error == NULL ? "this cannot be parsed" : error);
}
