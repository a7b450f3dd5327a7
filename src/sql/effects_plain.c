/*
 * Expressions that may be computed over the rows of a user's table to see what a statement would meet: they call only
 * functions, operators and casts of PostgreSQL that compute, and name columns by themselves.
 */
#include "sql/effects_reader.h"
#include "sql/lexer.h"
#include "sql/types.h"

#include <ctype.h>
#include <string.h>

/* Computing, but with a result of any size, for any time, or from the catalogs. */
static const char costly[] = "pg_sleep pg_get_serial_sequence to_regclass repeat lpad rpad generate_series";

static const char nodes[] =
    "A_ArrayExpr A_Const A_Expr BoolExpr BooleanTest CaseExpr CaseWhen CoalesceExpr ColumnRef FuncCall Integer List "
    "MinMaxExpr NullTest String TypeCast TypeName";

struct plain {
    struct arena *arena;
    struct buffer columns;
    size_t count;
    bool is;
};

static bool is_ours(const json_t *names)
{
    const char *const schema = tree_name(names, 1);
    return schema == NULL || strcmp(schema, "pg_catalog") == 0;
}

static bool is_plain_call(const json_t *call)
{
    const char *const name = tree_name(json_object_get(call, "funcname"), 0);
    return name != NULL && effects_is_steady(call) && !effects_is_one_of(costly, name) &&
           json_object_get(call, "agg_order") == NULL && json_object_get(call, "over") == NULL &&
           !tree_flag(call, "agg_star");
}

static void take_column(struct plain *plain, const json_t *reference)
{
    const json_t *const fields = json_object_get(reference, "fields");
    const char *const name = tree_name(fields, 0);
    plain->is = plain->is && json_array_size(fields) == 1 && name != NULL;
    if (plain->is) {
        effects_put_name(&plain->columns, plain->count++, name);
    }
}

static bool take_node(void *data, const char *key, json_t *object)
{
    struct plain *const plain = data;
    if (strcmp(key, "ColumnRef") == 0) {
        take_column(plain, object);
    } else if (strcmp(key, "FuncCall") == 0) {
        plain->is = plain->is && is_plain_call(object);
    } else if (strcmp(key, "A_Expr") == 0) {
        plain->is = plain->is && is_ours(json_object_get(object, "name"));
    } else if (strcmp(key, "typeName") == 0) {
        plain->is = plain->is && type_of_tree(object).builtin != NULL;
    } else if (isupper((unsigned char)key[0]) != 0) {
        plain->is = plain->is && effects_is_one_of(nodes, key);
    }
    return plain->is;
}

const char *effects_plain_columns(struct arena *arena, json_t *expression)
{
    struct plain plain = {.arena = arena, .columns = {.arena = arena}, .is = expression != NULL};
    tree_walk(expression, take_node, &plain);
    return plain.is && plain.count > 0 ? buffer_string(&plain.columns) : NULL;
}

/* ---- its text ---- */

/* Moves the reader to the end of an expression: a comma, or the end of the parentheses around it. */
static void skip_expression(struct sql_reader *words)
{
    for (size_t depth = 0; words->token.kind != SQL_END && words->token.kind != SQL_BROKEN; sql_advance(words)) {
        const bool closes = sql_is_symbol(&words->token, ')') || sql_is_symbol(&words->token, ']');
        if (depth == 0 && (closes || sql_is_symbol(&words->token, ',') || sql_is_symbol(&words->token, ';'))) {
            return;
        }
        depth += sql_is_symbol(&words->token, '(') || sql_is_symbol(&words->token, '[') ? 1 : 0;
        depth -= closes ? 1 : 0;
    }
}

const char *effects_text_behind(const struct effects_reader *reader, const char *word, size_t number)
{
    struct sql_reader words = sql_read(reader->statement);
    for (size_t depth = 0; words.token.kind != SQL_END && words.token.kind != SQL_BROKEN; sql_advance(&words)) {
        depth += sql_is_symbol(&words.token, '(') ? 1 : 0;
        depth -= sql_is_symbol(&words.token, ')') && depth > 0 ? 1 : 0;
        if (depth > 0 || !sql_is_word(&words.token, word)) {
            continue;
        }
        if (number-- == 0) {
            sql_advance(&words);
            const size_t start = words.token.offset;
            skip_expression(&words);
            const struct text text = text_slice(
                reader->statement, start, words.token.kind == SQL_END ? reader->statement.size : words.token.offset);
            return arena_strndup(reader->arena, text.data, text.size);
        }
    }
    return NULL;
}
