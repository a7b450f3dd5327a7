/*
 * Reads the bounds of partitions from the tree: DEFAULT, lists, ranges and hashes.
 */
#include "sql/effects_reader.h"

#include "sql/lexer.h"

#include <string.h>

/* libpg_query leaves out a number that is 0 or less, so this takes it from the statement's text. NULL if it is not
 * there. */
static const char *small_number(const struct effects_reader *reader, const json_t *constant)
{
    struct sql_reader words =
        sql_read(text_slice(reader->statement, (size_t)tree_integer(constant, "location"), reader->statement.size));
    const bool is_negative = sql_is_symbol(&words.token, '-');
    if (is_negative) {
        sql_advance(&words);
    }
    return words.token.kind != SQL_NUMBER ? NULL
                                          : arena_printf(reader->arena, "%s%.*s", is_negative ? "-" : "",
                                                         (int)words.token.text.size, words.token.text.data);
}

const char *effects_constant_text(const struct effects_reader *reader, const json_t *constant)
{
    struct arena *const arena = reader->arena;
    const json_t *const integer = json_object_get(constant, "ival");
    const json_t *const number = json_object_get(constant, "fval");
    const json_t *const string = json_object_get(constant, "sval");
    const json_t *const truth = json_object_get(constant, "boolval");
    return integer != NULL  ? json_object_get(integer, "ival") == NULL
                                  ? small_number(reader, constant)
                                  : arena_printf(arena, "%lld", (long long)tree_integer(integer, "ival"))
            : number != NULL ? arena_strdup(arena, tree_string(number, "fval"))
           : string != NULL ? arena_strdup(arena, tree_string(string, "sval"))
           : truth != NULL  ? tree_flag(truth, "boolval") ? "true" : "false"
                            : NULL;
}

/* The name of a type that every server has and that is written without modifiers; NULL for another type. */
static const char *plain_type(struct arena *arena, const json_t *type)
{
    const bool is_plain = effects_is_builtin(type) && tree_count(type, "typmods") == 0 &&
                          tree_count(type, "arrayBounds") == 0 && !effects_is_serial(type);
    return is_plain ? arena_strdup(arena, tree_name(json_object_get(type, "names"), 0)) : NULL;
}

/* To the grammar, MINVALUE and MAXVALUE are names of columns. */
static struct sql_bound_value value_of(const struct effects_reader *reader, const json_t *node)
{
    const json_t *const cast = tree_body(node, "TypeCast");
    const json_t *const constant = tree_body(cast == NULL ? node : json_object_get(cast, "arg"), "A_Const");
    const char *const name = tree_name(json_object_get(tree_body(node, "ColumnRef"), "fields"), 0);
    struct sql_bound_value value = {.kind = SQL_BOUND_COMPUTED,
                                    .text = effects_constant_text(reader, constant),
                                    .type = plain_type(reader->arena, json_object_get(cast, "typeName"))};
    if (name != NULL && (strcmp(name, "minvalue") == 0 || strcmp(name, "maxvalue") == 0)) {
        value.kind = strcmp(name, "minvalue") == 0 ? SQL_BOUND_MINVALUE : SQL_BOUND_MAXVALUE;
    } else if (cast != NULL && value.type == NULL) {
        value.kind = SQL_BOUND_COMPUTED;
    } else if (value.text != NULL) {
        value.kind = SQL_BOUND_CONSTANT;
    } else if (tree_flag(constant, "isnull")) {
        value.kind = SQL_BOUND_NULL;
    }
    return value;
}

static void take_values(const struct effects_reader *reader, const json_t *nodes, struct sql_bound *bound)
{
    const size_t more = json_array_size(nodes);
    struct sql_bound_value *const values = arena_array(reader->arena, bound->count + more, sizeof *values);
    for (size_t i = 0; i < bound->count; i++) {
        values[i] = bound->values[i];
    }
    for (size_t i = 0; i < more; i++) {
        values[bound->count + i] = value_of(reader, json_array_get(nodes, i));
    }
    bound->values = values;
    bound->count += more;
}

static void take_bound(struct effects_reader *reader, const json_t *parent, const json_t *node, bool is_content)
{
    struct arena *const arena = reader->arena;
    struct sql_bound *const bound = arena_alloc(arena, sizeof *bound);
    *bound = (struct sql_bound){.schema = effects_kept(arena, tree_string(parent, "schemaname")),
                                .name = effects_kept(arena, tree_string(parent, "relname")),
                                .is_content = is_content,
                                .strategy = tree_flag(node, "is_default") ? 'd' : tree_string(node, "strategy")[0],
                                .modulus = (int)tree_integer(node, "modulus"),
                                .remainder = (int)tree_integer(node, "remainder")};
    take_values(reader, json_object_get(node, "listdatums"), bound);
    take_values(reader, json_object_get(node, "lowerdatums"), bound);
    bound->from_count = bound->count;
    take_values(reader, json_object_get(node, "upperdatums"), bound);
    reader->effects->bound = bound->name == NULL ? NULL : bound;
}

void effects_bound(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const json_t *const command = tree_body(json_array_get(json_object_get(body, "cmds"), 0),
                                            "AlterTableCmd"); /* ATTACH is always the only subcommand */
    const json_t *const attached = tree_body(json_object_get(command, "def"), "PartitionCmd");
    const json_t *const made = strcmp(kind, "CreateForeignTableStmt") == 0 ? json_object_get(body, "base") : body;
    const json_t *const bound = json_object_get(made, "partbound");
    if (bound != NULL) {
        take_bound(reader, tree_body(json_array_get(json_object_get(made, "inhRelations"), 0), "RangeVar"), bound,
                   tree_flag(made, "if_not_exists"));
    } else if (json_object_get(attached, "bound") != NULL) {
        take_bound(reader, json_object_get(body, "relation"), json_object_get(attached, "bound"), false);
    }
}
