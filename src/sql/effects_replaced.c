/*
 * The results of CREATE OR REPLACE FUNCTION, PROCEDURE and VIEW, as far as the tree shows them. The columns of a view
 * get the names that PostgreSQL's FigureColname gives.
 */
#include "sql/effects_reader.h"

#include <string.h>

/* ---- functions ---- */

static const char inputs[] = "FUNC_PARAM_DEFAULT FUNC_PARAM_IN FUNC_PARAM_INOUT FUNC_PARAM_VARIADIC";
static const char outputs[] = "FUNC_PARAM_OUT FUNC_PARAM_INOUT FUNC_PARAM_TABLE";

/* The parameters that have one of these modes. */
static json_t *of_modes(const json_t *parameters, const char *modes)
{
    json_t *const list = json_array();
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        json_t *const item = json_array_get(parameters, i);
        if (word_is_among(modes, tree_string(tree_body(item, "FunctionParameter"), "mode"))) {
            json_array_append(list, item);
        }
    }
    return list;
}

/* is_whole: return NULL if any of them has no name. */
static const char *names_of(struct arena *arena, const json_t *parameters, bool is_whole)
{
    struct buffer names = {.arena = arena};
    buffer_puts(&names, "");
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const char *const name = tree_string(tree_body(json_array_get(parameters, i), "FunctionParameter"), "name");
        if (is_whole && name[0] == '\0') {
            return NULL;
        }
        effects_put_name(&names, i, name);
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

/* The types of all parameters, whatever their modes. */
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

/* A procedure with output parameters returns a record of them (interpret_function_parameter_list). */
static const char *returned(struct arena *arena, const json_t *body, const char *output_types, size_t count)
{
    const json_t *const type = json_object_get(body, "returnType");
    const bool is_record = count > 1 || (count == 1 && tree_flag(body, "is_procedure"));
    return type != NULL ? effects_type_of(arena, type)
           : is_record  ? "pg_catalog\x1Erecord\x1E"
           : count == 1 ? output_types
                        : NULL;
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
        .returns = returned(reader->arena, body, output_types, json_array_size(taken)),
        .output_types = output_types,
        .output_names = names_of(reader->arena, taken, true),
    };
    reader->effects->replaced = replaced->types == NULL || replaced->name == NULL ? NULL : replaced;
    json_decref(given);
    json_decref(taken);
}

/* ---- views ---- */

/* The last string in a list of fields; "" if it ends with something else, such as a star or an index. */
static const char *last_field(const json_t *fields)
{
    const char *const name = tree_name(fields, 0);
    return name == NULL ? "" : name;
}

/* The name that PostgreSQL gives to the column of this expression; "" if this code does not know it. EXTRACT is
 * date_part() below version 14. */
static const char *figure(json_t *value)
{
    json_t *body;
    const char *const kind = tree_node(value, &body);
    const json_t *const names = json_object_get(body, "funcname");
    if (strcmp(kind, "ColumnRef") == 0) {
        return last_field(json_object_get(body, "fields"));
    }
    if (strcmp(kind, "FuncCall") == 0) {
        return json_array_size(names) == 1 || strcmp(last_field(names), "extract") != 0 ? last_field(names) : "";
    }
    if (strcmp(kind, "TypeCast") == 0 || strcmp(kind, "CollateClause") == 0) {
        return figure(json_object_get(body, "arg"));
    }
    return strcmp(kind, "CoalesceExpr") == 0 ? "coalesce" : "";
}

const char *effects_result_name(const json_t *target)
{
    const char *const said = tree_string(target, "name");
    return said[0] == '\0' ? figure(json_object_get(target, "val")) : said;
}

/* The type of a column that is cast to it. */
static const char *cast_type(struct arena *arena, const json_t *value)
{
    const char *const said = effects_type_of(arena, json_object_get(tree_body(value, "TypeCast"), "typeName"));
    return said == NULL ? "" : said;
}

/* The columns of a query; `aliases` name the first of them. Returns NULL if not all of them are known by name, as with
 * SELECT *. Types are known only for a single SELECT. */
static struct sql_replaced *query_of(struct arena *arena, const json_t *range, const json_t *aliases,
                                     const json_t *query)
{
    const json_t *const whole = tree_body(query, "SelectStmt");
    const json_t *const select = tree_first_select(whole);
    const json_t *const targets = json_object_get(select, "targetList");
    struct buffer names = {.arena = arena};
    struct buffer types = {.arena = arena};
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *const target = tree_body(json_array_get(targets, i), "ResTarget");
        const char *const alias =
            i < json_array_size(aliases) ? tree_name(aliases, json_array_size(aliases) - 1 - i) : NULL;
        const char *const name = alias == NULL ? effects_result_name(target) : alias;
        if (name[0] == '\0') {
            return NULL;
        }
        effects_put_name(&names, i, name);
        effects_put_name(&types, i, select == whole ? cast_type(arena, json_object_get(target, "val")) : "");
    }
    struct sql_replaced *const replaced = arena_alloc(arena, sizeof *replaced);
    *replaced = (struct sql_replaced){.schema = effects_kept(arena, tree_string(range, "schemaname")),
                                      .name = effects_kept(arena, tree_string(range, "relname")),
                                      .is_view = true,
                                      .names = buffer_string(&names),
                                      .types = buffer_string(&types)};
    return json_array_size(targets) == 0 ? NULL : replaced;
}

/* CREATE TABLE or MATERIALIZED VIEW IF NOT EXISTS … AS accepts any existing relation of that name. */
void effects_passed_over(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const json_t *const into = json_object_get(body, "into");
    if (strcmp(kind, "CreateTableAsStmt") == 0 && tree_flag(body, "if_not_exists")) {
        reader->effects->passed_over = query_of(reader->arena, json_object_get(into, "rel"),
                                                json_object_get(into, "colNames"), json_object_get(body, "query"));
    }
}

void effects_replaced(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const json_t *const range = json_object_get(body, "view");
    if (!tree_flag(body, "replace")) {
        return;
    }
    if (strcmp(kind, "CreateFunctionStmt") == 0) {
        function(reader, body);
    } else if (strcmp(kind, "ViewStmt") == 0 && tree_is(range, "relpersistence", "p")) {
        reader->effects->replaced =
            query_of(reader->arena, range, json_object_get(body, "aliases"), json_object_get(body, "query"));
    }
}
