/*
 * Works on words instead of parse trees: it must read what the parser does not know, and what the server prints.
 */
#include "migration/look/definition_words.h"

#include "sql/lexer.h"

#include <string.h>

#define MOST_WORDS 4000 /* of one definition: longer ones are not compared */

const char *definition_word(struct arena *arena, const struct sql_token *token)
{
    if (token->kind == SQL_STRING) {
        const char *const string = sql_string(arena, token);
        return string == NULL ? arena_strndup(arena, token->text.data, token->text.size)
                              : arena_printf(arena, "'%s", string);
    }
    const char *const name = sql_identifier(arena, token);
    return name != NULL ? name : arena_strndup(arena, token->text.data, token->text.size);
}

/* "::character varying(20)[]": a cast that the server adds if it knows the type. */
static void skip_cast(struct sql_reader *reader)
{
    static const char *const second[] = {"varying", "precision", NULL};
    sql_advance(reader);
    sql_advance(reader);
    sql_advance(reader); /* the type's first word */
    while (sql_is_symbol(&reader->token, '.')) {
        sql_advance(reader);
        sql_advance(reader);
    }
    for (size_t i = 0; second[i] != NULL; i++) {
        sql_take(reader, second[i]);
    }
    if (sql_is_word(&reader->token, "with") || sql_is_word(&reader->token, "without")) {
        struct sql_reader ahead = *reader;
        sql_advance(&ahead);
        if (sql_take(&ahead, "time") && sql_take(&ahead, "zone")) {
            *reader = ahead;
        }
    }
    while (sql_is_symbol(&reader->token, '[')) {
        sql_advance(reader);
        sql_advance(reader);
    }
}

static bool is_cast(const struct sql_reader *reader)
{
    struct sql_reader ahead = *reader;
    if (!sql_is_symbol(&ahead.token, ':')) {
        return false;
    }
    sql_advance(&ahead);
    return sql_is_symbol(&ahead.token, ':');
}

/* Is it a name followed by a dot, the schema of what follows? Not NEW and OLD in a trigger. */
static bool is_qualifier(const struct sql_reader *reader)
{
    struct sql_reader ahead = *reader;
    if ((ahead.token.kind != SQL_WORD && ahead.token.kind != SQL_IDENTIFIER) || sql_is_word(&ahead.token, "new") ||
        sql_is_word(&ahead.token, "old")) {
        return false;
    }
    sql_advance(&ahead);
    return sql_is_symbol(&ahead.token, '.');
}

/* Is it a word without meaning, which the server omits or adds when it prints? */
static bool is_noise(const struct sql_token *token)
{
    static const char *const noise[] = {"if", "concurrently", "only", "asc", "constraint", NULL};
    return sql_is_any_word(token, noise) || sql_is_symbol(token, '(') || sql_is_symbol(token, ')');
}

struct words definition_words(struct arena *arena, struct text text, bool is_one_of_several)
{
    struct words words = {0};
    struct sql_reader reader = sql_read(text);
    int depth = 0;
    while (!sql_is_end(&reader.token) && words.count < MOST_WORDS) {
        depth += sql_is_symbol(&reader.token, '(') ? 1 : sql_is_symbol(&reader.token, ')') ? -1 : 0;
        if (is_one_of_several && depth == 0 && sql_is_symbol(&reader.token, ',')) {
            break;
        }
        if (is_cast(&reader)) {
            skip_cast(&reader);
        } else if (is_qualifier(&reader)) {
            sql_advance(&reader);
            sql_advance(&reader);
        } else {
            if (!is_noise(&reader.token)) {
                words_add(arena, &words, definition_word(arena, &reader.token));
            }
            sql_advance(&reader);
        }
    }
    return words;
}

bool definition_words_equal(const struct words *a, const struct words *b)
{
    bool equal = a->count == b->count && a->count < MOST_WORDS;
    for (size_t i = 0; equal && i < a->count; i++) {
        equal = strcmp(a->items[i], b->items[i]) == 0;
    }
    return equal;
}
