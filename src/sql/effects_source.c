/*
 * The text of an expression or a query, found by its tree: libpg_query tells where a node begins at best, and never
 * where it ends. A piece of the statement is taken if it has the same tree. Parsing is what costs, so that only pieces
 * are parsed that contain the beginning of every node: usually one.
 */
#include "sql/effects_reader.h"
#include "sql/lexer.h"
#include "sql/parse.h"

#define MOST_TRIED 400 /* pieces that are parsed for one expression */

/* What the piece is, and so where it is put to be parsed. */
enum source { SOURCE_EXPRESSION, SOURCE_TYPE, SOURCE_QUERY };

/* Where the nodes of a tree begin. The parser leaves the place out where it is 0, or says -1 for a node of its own. */
struct places {
    size_t first;
    size_t last;
};

struct searching {
    struct arena *arena;
    struct text text;     /* in which it is looked for */
    size_t from;          /* where that begins in the statement */
    json_t *wanted;       /* without places */
    struct places places; /* in the statement */
    enum source is;
    size_t tried;
};

static bool drop_place(void *data, const char *key, json_t *object)
{
    struct places *const places = data;
    const json_int_t place = tree_integer(object, "location");
    (void)key;
    if (place > 0) {
        places->first = (size_t)place < places->first ? (size_t)place : places->first;
        places->last = (size_t)place > places->last ? (size_t)place : places->last;
    }
    json_object_del(object, "location");
    return true;
}

/* Takes a copy that is the same wherever its text stands. */
static struct searching searching_for(const struct effects_reader *reader, const json_t *tree, enum source is,
                                      size_t from)
{
    struct searching searching = {.arena = reader->arena,
                                  .text = text_slice(reader->statement, from, reader->statement.size),
                                  .from = from,
                                  .wanted = json_deep_copy(tree),
                                  .places = {SIZE_MAX, 0},
                                  .is = is};
    tree_walk(searching.wanted, drop_place, &searching.places);
    return searching;
}

/* The node of the piece in the tree of what was parsed; NULL: there is another number of statements or of columns. */
static json_t *node_of(const struct searching *searching, json_t *tree)
{
    json_t *const node = tree_only_statement(tree);
    const json_t *const targets = json_object_get(tree_body(node, "SelectStmt"), "targetList");
    json_t *const value = json_object_get(tree_body(json_array_get(targets, 0), "ResTarget"), "val");
    return searching->is == SOURCE_QUERY        ? node
           : json_array_size(targets) != 1      ? NULL
           : searching->is == SOURCE_EXPRESSION ? value
                                                : json_object_get(tree_body(value, "TypeCast"), "typeName");
}

static bool is_wanted(struct searching *searching, struct text piece)
{
    static const char *const before[] = {"SELECT (", "SELECT CAST(NULL AS ", ""};
    static const char *const after[] = {"\n)", "\n)", ""};
    struct arena *const reading = arena_new(0);
    struct buffer query = {.arena = reading};
    buffer_puts(&query, before[searching->is]);
    buffer_add(&query, piece);
    buffer_puts(&query, after[searching->is]);
    json_t *const tree = sql_parse(reading, text_of(buffer_string(&query)));
    json_t *const found = node_of(searching, tree);
    struct places places = {SIZE_MAX, 0};
    tree_walk(found, drop_place, &places);
    const bool is = found != NULL && json_equal(found, searching->wanted) == 1;
    json_decref(tree);
    arena_free(reading);
    searching->tried++;
    return is;
}

/* The piece that begins at the reader's token; its size is 0 if there is none. */
static struct text piece_at(struct searching *searching, struct sql_reader words)
{
    const bool is_query = searching->is == SOURCE_QUERY;
    const size_t start = words.token.offset;
    size_t depth = 0;
    for (bool ends = false; !ends && searching->tried < MOST_TRIED;) {
        const bool opens = sql_is_symbol(&words.token, '(') || sql_is_symbol(&words.token, '[');
        const bool closes = sql_is_symbol(&words.token, ')') || sql_is_symbol(&words.token, ']');
        const bool stops =
            closes || sql_is_symbol(&words.token, ';') || (!is_query && sql_is_symbol(&words.token, ','));
        ends = sql_is_end(&words.token) || (depth == 0 && stops);
        const size_t end = words.token.kind == SQL_END ? searching->text.size : words.token.offset;
        const bool may_end = ends || (depth == 0 && (!is_query || sql_is_word(&words.token, "with")));
        const struct text piece = text_slice(searching->text, start, end);
        if (may_end && end > start && searching->from + end > searching->places.last && is_wanted(searching, piece)) {
            return piece;
        }
        depth += opens ? 1 : 0;
        depth -= closes && depth > 0 ? 1 : 0;
        sql_advance(&words);
    }
    return (struct text){0};
}

/* Does what may be the beginning stand behind this token? */
static bool is_in_front(const struct sql_token *token, const char *word)
{
    return word != NULL ? sql_is_word(token, word) : sql_is_symbol(token, '(') || sql_is_symbol(token, ',');
}

static struct text find(struct searching *searching, const char *word)
{
    struct sql_reader words = sql_read(searching->text);
    struct text piece = {0};
    while (piece.size == 0 && !sql_is_end(&words.token) && searching->tried < MOST_TRIED &&
           searching->from + words.token.offset <= searching->places.first) {
        const bool is = is_in_front(&words.token, word);
        sql_advance(&words);
        piece =
            is && searching->from + words.token.offset <= searching->places.first ? piece_at(searching, words) : piece;
    }
    return piece;
}

/* Also releases what is looked for. NULL: it was not found. */
static const char *kept(struct searching *searching, struct text piece)
{
    json_decref(searching->wanted);
    return piece.size == 0 ? NULL : arena_strndup(searching->arena, piece.data, piece.size);
}

const char *effects_source_within(const struct effects_reader *reader, const char *word, size_t from)
{
    const struct text text = text_slice(reader->statement, from, reader->statement.size);
    struct sql_reader words = sql_read(text);
    while (sql_skip_to(&words, word)) {
        const size_t start = words.token.offset;
        if (sql_is_symbol(&words.token, '(') && sql_skip_parentheses(&words)) {
            const size_t end = words.token.kind == SQL_END ? text.size : words.token.offset;
            return arena_strndup(reader->arena, text.data + start, end - start);
        }
    }
    return NULL;
}

const char *effects_source_behind(const struct effects_reader *reader, const char *word)
{
    struct sql_reader words = sql_read(reader->statement);
    if (!sql_skip_to_outside(&words, word) || words.token.kind == SQL_END) {
        return NULL;
    }
    const struct text rest = text_slice(reader->statement, words.token.offset, reader->statement.size);
    return arena_strndup(reader->arena, rest.data, rest.size);
}

const char *effects_source_of_element(const struct effects_reader *reader, size_t number)
{
    struct sql_reader words = sql_read(reader->statement);
    while (!sql_is_end(&words.token) && !sql_is_symbol(&words.token, '(')) {
        sql_advance(&words);
    }
    sql_advance(&words);
    for (size_t i = 0; i < number && !sql_is_end(&words.token);) {
        if (sql_is_symbol(&words.token, '(')) {
            sql_skip_parentheses(&words);
            continue;
        }
        i += sql_is_symbol(&words.token, ',') ? 1 : 0;
        sql_advance(&words);
    }
    const size_t start = words.token.offset;
    while (!sql_is_end(&words.token) && !sql_is_symbol(&words.token, '(')) {
        sql_advance(&words);
    }
    return words.token.kind == SQL_END || !sql_skip_parentheses(&words)
               ? NULL
               : arena_strndup(reader->arena, reader->statement.data + start, words.token.offset - start);
}

const char *effects_source(const struct effects_reader *reader, const char *word, size_t from, const json_t *expression)
{
    struct searching searching = searching_for(reader, expression, SOURCE_EXPRESSION, from);
    return expression == NULL ? NULL : kept(&searching, find(&searching, word));
}

const char *effects_source_of_query(const struct effects_reader *reader, const char *word, const json_t *query)
{
    struct searching searching = searching_for(reader, query, SOURCE_QUERY, 0);
    return query == NULL ? NULL : kept(&searching, find(&searching, word));
}

const char *effects_source_of_type(const struct effects_reader *reader, const json_t *type)
{
    const json_int_t from = tree_integer(type, "location");
    if (type == NULL || from <= 0) {
        return NULL;
    }
    struct searching searching = searching_for(reader, type, SOURCE_TYPE, (size_t)from);
    return kept(&searching, piece_at(&searching, sql_read(searching.text)));
}
