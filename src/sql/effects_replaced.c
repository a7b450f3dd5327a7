/*
 * CREATE OR REPLACE FUNCTION, PROCEDURE and VIEW, as far as their trees say what they give. The names of a view's
 * columns are those that PostgreSQL's FigureColname gives.
 */
#include "sql/effects_reader.h"

#include <string.h>

/* ---- functions ---- */

static const char inputs[] = "FUNC_PARAM_DEFAULT FUNC_PARAM_IN FUNC_PARAM_INOUT FUNC_PARAM_VARIADIC";
static const char outputs[] = "FUNC_PARAM_OUT FUNC_PARAM_INOUT FUNC_PARAM_TABLE";

/* The parameters of these modes. */
static json_t *of_modes(const json_t *parameters, const char *modes)
{
    json_t *const list = json_array();
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        json_t *const item = json_array_get(parameters, i);
        if (effects_is_one_of(modes, tree_string(tree_body(item, "FunctionParameter"), "mode"))) {
            json_array_append(list, item);
        }
    }
    return list;
}

/* is_whole: NULL where one of them has no name. */
static const char *names_of(struct arena *arena, const json_t *parameters, bool is_whole)
{
    struct buffer names = {.arena = arena};
    buffer_puts(&names, "");
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const char *const name = tree_string(tree_body(json_array_get(parameters, i), "FunctionParameter"), "name");
        if (is_whole && name[0] == '\0') {
            return NULL;
        }
        buffer_printf(&names, "%s%s", i == 0 ? "" : "\x1F", name);
    }
    return buffer_string(&names);
}

static size_t count_defaults(const json_t *parameters)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *const parameter = tree_body(json_array_get(parameters, i), "FunctionParameter");
        count += json_object_get(parameter, "defexpr") != NULL ? 1 : 0;
    }
    return count;
}

/* Types of all parameters, whatever their modes. */
static const char *all_types(struct arena *arena, const json_t *parameters)
{
    json_t *const types = json_array();
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *const parameter = tree_body(json_array_get(parameters, i), "FunctionParameter");
        json_array_append_new(types, json_pack("{s:O}", "TypeName", json_object_get(parameter, "argType")));
    }
    const char *const said = effects_types_of(arena, types);
    json_decref(types);
    return said;
}

static const char *returned(struct arena *arena, const json_t *type, const char *output_types, size_t count)
{
    json_t *const list = type == NULL ? NULL : json_pack("[{s:O}]", "TypeName", type);
    const char *const said = type != NULL ? effects_types_of(arena, list)
                             : count > 1  ? "pg_catalog\x1Erecord\x1E"
                             : count == 1 ? output_types
                                          : NULL;
    json_decref(list);
    return said;
}

static void function(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(body, "funcname");
    const json_t *const parameters = json_object_get(body, "parameters");
    const json_t *const type = json_object_get(body, "returnType");
    json_t *const given = of_modes(parameters, inputs);
    json_t *const taken = of_modes(parameters, outputs);
    struct sql_replaced *const replaced = arena_alloc(reader->arena, sizeof *replaced);
    const char *const output_types = all_types(reader->arena, taken);
    *replaced = (struct sql_replaced){
        .schema = arena_strdup(reader->arena, tree_name(names, 1)),
        .name = arena_strdup(reader->arena, tree_name(names, 0)),
        .is_procedure = tree_flag(body, "is_procedure"),
        .is_setof = tree_flag(type, "setof"),
        .defaults = count_defaults(given),
        .types = all_types(reader->arena, given),
        .names = names_of(reader->arena, given, false),
        .returns = returned(reader->arena, type, output_types, json_array_size(taken)),
        .output_types = output_types,
        .output_names = names_of(reader->arena, taken, true),
    };
    reader->effects->replaced = replaced->types == NULL || replaced->name == NULL ? NULL : replaced;
    json_decref(given);
    json_decref(taken);
}

/* ---- views ---- */

/* The last string of a list of fields; "" where it ends otherwise: a star, an index. */
static const char *last_field(const json_t *fields)
{
    const char *const name = tree_name(fields, 0);
    return name == NULL ? "" : name;
}

/* What PostgreSQL calls the column of this expression; "" where it is not known here. */
static const char *figure(json_t *value)
{
    json_t *body;
    const char *const kind = tree_node(value, &body);
    const json_t *const names = json_object_get(body, "funcname");
    if (strcmp(kind, "ColumnRef") == 0) {
        return last_field(json_object_get(body, "fields"));
    }
    if (strcmp(kind, "FuncCall") == 0 && json_array_size(names) == 1) {
        return last_field(names);
    }
    if (strcmp(kind, "TypeCast") == 0 || strcmp(kind, "CollateClause") == 0) {
        return figure(json_object_get(body, "arg"));
    }
    return strcmp(kind, "CoalesceExpr") == 0 ? "coalesce" : "";
}

/* The type of a column that is cast to it. */
static const char *cast_type(struct arena *arena, const json_t *value)
{
    const json_t *const type = json_object_get(tree_body(value, "TypeCast"), "typeName");
    json_t *const list = type == NULL ? NULL : json_pack("[{s:O}]", "TypeName", type);
    const char *const said = type == NULL ? NULL : effects_types_of(arena, list);
    json_decref(list);
    return said == NULL ? "" : said;
}

/* The first SELECT of a UNION gives the names. */
static const json_t *first_select(const json_t *query)
{
    const json_t *select = tree_body(query, "SelectStmt");
    while (json_object_get(select, "larg") != NULL) {
        select = json_object_get(select, "larg");
    }
    return select;
}

/* Nothing is known of a query whose columns are not all known by name: SELECT *. Types only of one SELECT. */
static void view(struct effects_reader *reader, const json_t *body)
{
    struct arena *const arena = reader->arena;
    const json_t *const range = json_object_get(body, "view");
    const json_t *const aliases = json_object_get(body, "aliases");
    const json_t *const query = json_object_get(body, "query");
    const json_t *const select = first_select(query);
    const json_t *const targets = json_object_get(select, "targetList");
    struct buffer names = {.arena = arena};
    struct buffer types = {.arena = arena};
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *const target = tree_body(json_array_get(targets, i), "ResTarget");
        json_t *const value = json_object_get(target, "val");
        const char *const said = i < json_array_size(aliases) ? tree_name(aliases, json_array_size(aliases) - 1 - i)
                                                              : tree_string(target, "name");
        const char *const name = said == NULL || said[0] == '\0' ? figure(value) : said;
        if (name[0] == '\0') {
            return;
        }
        buffer_printf(&names, "%s%s", i == 0 ? "" : "\x1F", name);
        buffer_printf(&types, "%s%s", i == 0 ? "" : "\x1F",
                      select == tree_body(query, "SelectStmt") ? cast_type(arena, value) : "");
    }
    if (json_array_size(targets) > 0) {
        reader->effects->replaced = arena_alloc(arena, sizeof *reader->effects->replaced);
        *reader->effects->replaced =
            (struct sql_replaced){.schema = tree_string(range, "schemaname")[0] == '\0'
                                                ? NULL
                                                : arena_strdup(arena, tree_string(range, "schemaname")),
                                  .name = arena_strdup(arena, tree_string(range, "relname")),
                                  .is_view = true,
                                  .names = buffer_string(&names),
                                  .types = buffer_string(&types)};
    }
}

void effects_replaced(struct effects_reader *reader, const char *kind, const json_t *body)
{
    if (!tree_flag(body, "replace")) {
        return;
    }
    if (strcmp(kind, "CreateFunctionStmt") == 0) {
        function(reader, body);
    } else if (strcmp(kind, "ViewStmt") == 0 && tree_is(json_object_get(body, "view"), "relpersistence", "p")) {
        view(reader, body);
    }
}
