/*
 * Of lexer.h: what looks for words.
 */
#include "sql/lexer.h"

bool sql_find_closing(struct sql_reader *reader)
{
    for (size_t depth = 0; !sql_is_end(&reader->token); sql_advance(reader)) {
        depth += sql_is_symbol(&reader->token, '(') ? 1 : 0;
        depth -= sql_is_symbol(&reader->token, ')') ? 1 : 0;
        if (depth == 0) {
            return true;
        }
    }
    return false;
}

bool sql_skip_parentheses(struct sql_reader *reader)
{
    const bool is_closed = sql_find_closing(reader);
    sql_advance(reader);
    return is_closed;
}

bool sql_skip_to(struct sql_reader *reader, const char *word)
{
    while (reader->token.kind != SQL_END && !sql_is_word(&reader->token, word)) {
        sql_advance(reader);
    }
    return sql_take(reader, word);
}

bool sql_skip_to_outside(struct sql_reader *reader, const char *word)
{
    size_t depth = 0;
    while (!sql_is_end(&reader->token) && (depth > 0 || !sql_is_word(&reader->token, word))) {
        depth += sql_is_symbol(&reader->token, '(') ? 1 : 0;
        depth -= sql_is_symbol(&reader->token, ')') && depth > 0 ? 1 : 0;
        sql_advance(reader);
    }
    return sql_take(reader, word);
}

bool sql_has_word(struct text text, const char *word)
{
    struct sql_reader reader = sql_read(text);
    return sql_skip_to(&reader, word);
}

bool sql_has_any_word(struct text text, const char *const *words)
{
    struct sql_reader reader = sql_read(text);
    while (!sql_is_end(&reader.token) && !sql_is_any_word(&reader.token, words)) {
        sql_advance(&reader);
    }
    return !sql_is_end(&reader.token);
}

bool sql_has_words(struct text text, const char *first, const char *second)
{
    struct sql_reader reader = sql_read(text);
    while (sql_skip_to(&reader, first)) {
        if (sql_is_word(&reader.token, second)) {
            return true;
        }
    }
    return false;
}
