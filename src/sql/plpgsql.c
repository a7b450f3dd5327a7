/*
 * As pl_gram.y reads: a statement begins at the beginning, behind a semicolon, behind BEGIN, THEN, ELSE, LOOP, DECLARE,
 * EXCEPTION and a label; an expression ends at the first THEN or LOOP outside of parentheses.
 */
#include "sql/plpgsql.h"

#include <stdint.h>
#include <string.h>

#define DEEPEST 8 /* DO inside DO */

/* Behind these a statement begins at once. */
static const char *const openers[] = {"begin", "declare", "else", "exception", "loop", NULL};

/* These have a condition, up to a word. */
static const struct {
    const char *word;
    const char *end;
} headers[] = {
    {"if", "then"},   {"elsif", "then"}, {"elseif", "then"}, {"when", "then"},
    {"case", "then"}, {"while", "loop"}, {"for", "loop"},    {"foreach", "loop"},
};

static bool is_opener(const struct sql_token *token)
{
    return sql_is_any_word(token, openers);
}

/* The word that ends the condition of this one; NULL where it has none. */
static const char *end_of_header(const struct sql_token *token)
{
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (sql_is_word(token, headers[i].word)) {
            return headers[i].end;
        }
    }
    return NULL;
}

/* From a header's word to the end of its condition; the lexer stands behind THEN or LOOP then. */
static void read_header(struct sql_lexer *lexer, const char *end, struct sql_statement *statement)
{
    size_t parentheses = 0;
    for (struct sql_token token = sql_next(lexer); token.kind != SQL_END; token = sql_next(lexer)) {
        if (parentheses == 0 && (sql_is_word(&token, end) || sql_is_symbol(&token, ';'))) {
            return;
        }
        statement->end = token.offset + token.text.size;
        parentheses += sql_is_symbol(&token, '(') ? 1 : 0;
        parentheses -= sql_is_symbol(&token, ')') && parentheses > 0 ? 1 : 0;
    }
}

/* <<label>>: true where one began here, and the lexer is behind it. */
static bool skip_label(struct sql_lexer *lexer, const struct sql_token *first)
{
    struct sql_lexer ahead = *lexer;
    struct sql_token token = sql_next(&ahead);
    if (!sql_is_symbol(first, '<') || !sql_is_symbol(&token, '<')) {
        return false;
    }
    sql_next(&ahead);
    for (int i = 0; i < 2; i++) {
        token = sql_next(&ahead);
        if (!sql_is_symbol(&token, '>')) {
            return false;
        }
    }
    *lexer = ahead;
    return true;
}

/* #option lines, which end where the line does. */
static bool skip_option(struct sql_lexer *lexer, const struct sql_token *first)
{
    if (!sql_is_symbol(first, '#')) {
        return false;
    }
    const size_t end = text_find(lexer->text, "\n", lexer->offset);
    lexer->offset = end == SIZE_MAX ? lexer->text.size : end;
    return true;
}

bool plpgsql_next(struct sql_lexer *lexer, struct sql_statement *statement)
{
    for (;;) {
        const struct sql_lexer before = *lexer;
        const struct sql_token token = sql_next(lexer);
        const char *const end = end_of_header(&token);
        if (token.kind == SQL_END) {
            return false;
        }
        if (sql_is_symbol(&token, ';') || is_opener(&token) || skip_label(lexer, &token) ||
            skip_option(lexer, &token)) {
            continue;
        }
        *statement = (struct sql_statement){token.offset, token.offset + token.text.size};
        if (end != NULL) {
            read_header(lexer, end, statement);
            return true;
        }
        *lexer = before;
        return sql_next_statement(lexer, statement);
    }
}

/* ---- what a statement is ---- */

/* COMMIT or ROLLBACK [AND [NO] CHAIN] and nothing else: a variable of that name is followed by := or a dot. */
static bool is_control(struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    if (!sql_take(&reader, "commit") && !sql_take(&reader, "rollback")) {
        return false;
    }
    if (sql_take(&reader, "and")) {
        sql_take(&reader, "no");
        return sql_take(&reader, "chain") && reader.token.kind == SQL_END;
    }
    return reader.token.kind == SQL_END;
}

/* a.b, folded, and the reader behind it; NULL where there is no name. */
static const char *take_name(struct arena *arena, struct sql_reader *reader)
{
    const char *name = NULL;
    for (;;) {
        const char *const part = sql_identifier(arena, &reader->token);
        if (part == NULL) {
            return NULL;
        }
        name = name == NULL ? part : arena_printf(arena, "%s.%s", name, part);
        sql_advance(reader);
        if (!sql_is_symbol(&reader->token, '.')) {
            return name;
        }
        sql_advance(reader);
    }
}

const char *sql_called(struct arena *arena, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    return sql_take(&reader, "call") ? take_name(arena, &reader) : NULL;
}

/* The string's inside where it needs no unquoting. */
static struct text inside(struct arena *arena, const struct sql_token *token)
{
    if (token->text.data[0] == '$') {
        const size_t tag = text_find(token->text, "$", 1) + 1;
        return text_slice(token->text, tag, token->text.size - tag);
    }
    return text_of(sql_string(arena, token));
}

static bool is_procedure(struct sql_reader *reader)
{
    if (!sql_take(reader, "create")) {
        return false;
    }
    if (sql_take(reader, "or")) {
        sql_take(reader, "replace");
    }
    return sql_take(reader, "procedure");
}

bool sql_code(struct arena *arena, struct text statement, struct sql_code *code)
{
    struct sql_reader reader = sql_read(statement);
    bool found = false;
    *code = (struct sql_code){.is_do = sql_take(&reader, "do")};
    code->plpgsql = code->is_do; /* the language of a DO that names none */
    if (!code->is_do && (!is_procedure(&reader) || (code->name = take_name(arena, &reader)) == NULL)) {
        return false;
    }
    bool behind_as = code->is_do;
    while (reader.token.kind != SQL_END) {
        if (sql_take(&reader, "language")) {
            const char *const language = reader.token.kind == SQL_STRING ? sql_string(arena, &reader.token)
                                                                         : sql_identifier(arena, &reader.token);
            code->plpgsql = language != NULL && strcmp(language, "plpgsql") == 0;
        } else if (reader.token.kind == SQL_STRING && behind_as && !found) {
            code->body = inside(arena, &reader.token);
            found = true;
        }
        behind_as = code->is_do || sql_is_word(&reader.token, "as");
        sql_advance(&reader);
    }
    return found;
}

static bool commits(struct arena *arena, struct text body, struct words *committing, int depth)
{
    struct sql_lexer lexer = {.text = body};
    struct sql_statement statement;
    while (plpgsql_next(&lexer, &statement)) {
        const struct text one = text_slice(body, statement.start, statement.end);
        struct sql_code inner;
        if (is_control(one)) {
            return true;
        }
        if (words_have(committing, sql_called(arena, one))) {
            return true;
        }
        if (depth == DEEPEST || !sql_code(arena, one, &inner) || !inner.plpgsql ||
            !commits(arena, inner.body, committing, depth + 1)) {
            continue;
        }
        if (inner.is_do) {
            return true;
        }
        words_add(arena, committing, inner.name);
    }
    return false;
}

bool plpgsql_commits(struct arena *arena, struct text body, const struct words *committing)
{
    /* What the body itself creates is known inside it alone. */
    struct words names = {0};
    for (size_t i = 0; committing != NULL && i < committing->count; i++) {
        words_add(arena, &names, committing->items[i]);
    }
    return commits(arena, body, &names, 0);
}

bool plpgsql_returns(struct text body)
{
    struct sql_lexer lexer = {.text = body};
    struct sql_statement statement;
    while (plpgsql_next(&lexer, &statement)) {
        struct sql_lexer one = {.text = text_slice(body, statement.start, statement.end)};
        const struct sql_token first = sql_next(&one);
        if (sql_is_word(&first, "return")) {
            return true;
        }
    }
    return false;
}
