/*
 * Expressions that may be computed over the rows of a user's table to see what a statement would meet: they call only
 * functions, operators and casts of PostgreSQL that compute, and name columns by themselves.
 */
#include "sql/effects_reader.h"
#include "sql/lexer.h"
#include "sql/parse.h"
#include "sql/types.h"

#include <ctype.h>
#include <string.h>

/* Computing, but with a result of any size, for any time, from the catalogs, or from the session, which is another one
 * when the migration runs. */
static const char costly[] = "current_schema current_setting format generate_series lpad pg_backend_pid "
                             "pg_get_serial_sequence pg_sleep repeat rpad to_regclass";

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
    return name != NULL && effects_is_steady(call) && !word_is_among(costly, name) &&
           json_object_get(call, "agg_order") == NULL && json_object_get(call, "over") == NULL &&
           !tree_flag(call, "agg_star");
}

/* Is it one of the names, which are separated by the character 31? */
static bool is_listed(const char *names, const char *name)
{
    struct text rest = text_of(names);
    bool is = false;
    for (struct text one; !is && text_next_unit(&rest, &one);) {
        is = text_is(one, name);
    }
    return is;
}

static void take_column(struct plain *plain, const json_t *reference)
{
    const json_t *const fields = json_object_get(reference, "fields");
    const char *const name = tree_name(fields, 0);
    plain->is = plain->is && json_array_size(fields) == 1 && name != NULL;
    if (plain->is && !is_listed(buffer_string(&plain->columns), name)) {
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
        plain->is = plain->is && word_is_among(nodes, key);
    }
    return plain->is;
}

const char *effects_plain_reads(struct arena *arena, json_t *expression)
{
    struct plain plain = {.arena = arena, .columns = {.arena = arena}, .is = expression != NULL};
    tree_walk(expression, take_node, &plain);
    return plain.is ? buffer_string(&plain.columns) : NULL;
}

const char *effects_plain_columns(struct arena *arena, json_t *expression)
{
    const char *const columns = effects_plain_reads(arena, expression);
    return columns == NULL || columns[0] == '\0' ? NULL : columns;
}

void effects_add_columns(struct buffer *columns, const char *others)
{
    struct text rest = text_of(others);
    for (struct text one; text_next_unit(&rest, &one);) {
        const char *const name = arena_strndup(columns->arena, one.data, one.size);
        if (!is_listed(buffer_string(columns), name)) {
            effects_put_name(columns, columns->size, name);
        }
    }
}

/* ---- its text ---- */

/* Moves the reader to the end of an expression: a comma, or the end of the parentheses around it. */
static void skip_expression(struct sql_reader *words)
{
    for (size_t depth = 0; !sql_is_end(&words->token); sql_advance(words)) {
        const bool closes = sql_is_symbol(&words->token, ')') || sql_is_symbol(&words->token, ']');
        if (depth == 0 && (closes || sql_is_symbol(&words->token, ',') || sql_is_symbol(&words->token, ';'))) {
            return;
        }
        depth += sql_is_symbol(&words->token, '(') || sql_is_symbol(&words->token, '[') ? 1 : 0;
        depth -= closes ? 1 : 0;
    }
}

/* The reader behind the word with this number; at the end if there is none. */
static struct sql_reader behind(const struct effects_reader *reader, const char *word, size_t number)
{
    struct sql_reader words = sql_read(reader->statement);
    bool is_there = sql_skip_to_outside(&words, word);
    for (size_t i = 0; is_there && i < number; i++) {
        is_there = sql_skip_to_outside(&words, word);
    }
    return words;
}

/* Is this, which will be computed, an expression as above over these columns? A word may stand elsewhere, too: EXCLUDE
 * USING gist. */
static bool is_expression(struct arena *arena, struct text text, const char *columns)
{
    const char *const query = arena_printf(arena, "SELECT (%.*s)", (int)text.size, text.data);
    json_t *const tree = sql_parse(arena, text_of(query));
    const json_t *const select = tree_body(tree_only_statement(tree), "SelectStmt");
    const json_t *const targets = json_object_get(select, "targetList");
    json_t *const value = json_object_get(tree_body(json_array_get(targets, 0), "ResTarget"), "val");
    const char *const found = effects_plain_columns(arena, value);
    const bool is = json_array_size(targets) == 1 && found != NULL && strcmp(found, columns) == 0;
    json_decref(tree);
    return is;
}

static const char *text_between(const struct effects_reader *reader, size_t start, size_t end, const char *columns)
{
    const struct text text = text_slice(reader->statement, start, end);
    return is_expression(reader->arena, text, columns) ? arena_strndup(reader->arena, text.data, text.size) : NULL;
}

/* The columns of an element of an index, as text_between() wants them. */
static const char *element_columns(struct arena *arena, const json_t *element)
{
    const char *const name = tree_string(element, "name");
    return name[0] != '\0' ? arena_strdup(arena, name) : effects_plain_columns(arena, json_object_get(element, "expr"));
}

const char *effects_index_texts(const struct effects_reader *reader, const json_t *index, struct buffer *columns)
{
    const json_t *const elements = json_object_get(index, "indexParams");
    struct sql_reader words = behind(reader, "on", 0);
    struct buffer texts = {.arena = reader->arena};
    while (!sql_is_end(&words.token) && !sql_is_symbol(&words.token, '(')) {
        sql_advance(&words);
    }
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const char *const own = element_columns(reader->arena, tree_body(json_array_get(elements, i), "IndexElem"));
        sql_advance(&words);
        const size_t start = words.token.offset;
        skip_expression(&words);
        const char *const text = own == NULL ? NULL : text_between(reader, start, words.token.offset, own);
        if (text == NULL) {
            return NULL;
        }
        buffer_printf(&texts, "%s(%s)", i == 0 ? "" : ", ", text);
        effects_add_columns(columns, own);
    }
    return buffer_string(&texts);
}

const char *effects_text_behind(const struct effects_reader *reader, const char *word, size_t number,
                                const char *columns)
{
    struct sql_reader words = behind(reader, word, number);
    const size_t start = words.token.offset;
    if (reader->is_reworded || sql_is_end(&words.token)) {
        return NULL;
    }
    skip_expression(&words);
    return text_between(reader, start, words.token.kind == SQL_END ? reader->statement.size : words.token.offset,
                        columns);
}

const char *effects_text_within(const struct effects_reader *reader, const char *word, size_t number,
                                const char *columns)
{
    struct sql_reader words = behind(reader, word, number);
    const size_t start = words.token.offset;
    return !reader->is_reworded && sql_is_symbol(&words.token, '(') && sql_find_closing(&words)
               ? text_between(reader, start, words.token.offset + 1, columns)
               : NULL;
}
