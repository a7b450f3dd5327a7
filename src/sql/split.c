/*
 * Uses pg_query_split_with_parser, never _with_scanner: that one drops a statement that does not begin with a keyword,
 * and cuts the bodies of BEGIN ATOMIC functions (libpg_query 15-4.0.0). Its parser is made by bison, so too deep
 * nesting (10,000 levels) is an error and not a crash.
 */
#include "sql/split.h"

#include <pg_query.h>
#include <string.h>

#define MESSAGE_LIMIT 160 /* bytes: "at or near" may quote the whole rest of the script */
#define TRAP_LIMIT    100

/* PostgreSQL's scanner needs time with the square of the length of such a run: 40 kB of opening comments or of "+" take
 * 1.6 s. */
bool sql_is_scanner_trap(struct text script)
{
    size_t count = 0;
    for (size_t i = 0; i < script.size && count <= TRAP_LIMIT; i++) {
        const char c = script.data[i];
        if (c == '/' || c == '+') {
            count++;
        } else if (strchr("~!@#^&|`?-*%<>=", c) == NULL) {
            count = 0;
        }
    }
    return count > TRAP_LIMIT;
}

char *sql_for_parser(struct arena *arena, struct text text)
{
    char *const copy = arena_strndup(arena, text.data, text.size);
    struct sql_lexer lexer = {.text = text};
    if (text_find(text, "--", 0) == SIZE_MAX) {
        return copy;
    }
    for (struct sql_token token = sql_next(&lexer); !sql_is_end(&token); token = sql_next(&lexer)) {
        size_t at = 0;
        size_t end;
        if (token.kind != SQL_STRING || token.text.data[0] == '$' || text_find(token.text, "--", 0) == SIZE_MAX) {
            continue;
        }
        for (; sql_string_gap(token.text, &at, &end); at = end) {
            text_blank(copy + token.offset + at, end - at);
        }
    }
    return copy;
}

/* From the first token to the end of the last one: a piece from the parser begins right after the semicolon before it,
 * and the last piece reaches to the end of the script. */
static struct sql_statement trim(struct text script, size_t start, size_t end)
{
    struct sql_lexer lexer = {.text = text_slice(script, 0, end), .offset = start};
    struct sql_token token = sql_next(&lexer);
    struct sql_statement statement = {.start = token.offset, .end = token.offset};
    for (; token.kind != SQL_END; token = sql_next(&lexer)) {
        statement.end = token.offset + token.text.size;
    }
    return statement;
}

static void take_error(struct arena *arena, struct text script, const PgQueryError *error, struct sql_split *split)
{
    size_t size = strlen(error->message);
    const bool is_long = size > MESSAGE_LIMIT;
    if (is_long) {
        text_is_utf8((struct text){error->message, MESSAGE_LIMIT}, &size);
        size = size > MESSAGE_LIMIT ? MESSAGE_LIMIT : size;
    }
    split->error = arena_printf(arena, "%.*s%s", (int)size, error->message, is_long ? "…" : "");
    /* Its position counts characters, from 1. */
    split->error_offset = error->cursorpos > 0 ? text_byte_of_character(script, (size_t)error->cursorpos) : script.size;
}

static void take_statements(struct arena *arena, struct text script, const PgQuerySplitResult *result,
                            struct sql_split *split)
{
    split->statements = arena_array(arena, (size_t)result->n_stmts, sizeof *split->statements);
    for (int i = 0; i < result->n_stmts; i++) {
        const size_t start = (size_t)result->stmts[i]->stmt_location;
        const size_t size = (size_t)result->stmts[i]->stmt_len;
        const struct sql_statement statement = trim(script, start, size == 0 ? script.size : start + size);
        if (statement.end > statement.start) {
            split->statements[split->count++] = statement;
        }
    }
}

void sql_split(struct arena *arena, struct text script, struct sql_split *split)
{
    *split = (struct sql_split){0};
    if (sql_is_scanner_trap(script)) {
        split->error = "too many operator characters in a row";
        return;
    }
    const char *const copy = sql_for_parser(arena, script);
    const PgQuerySplitResult result = pg_query_split_with_parser(copy);
    split->parsed = result.error == NULL;
    if (split->parsed) {
        take_statements(arena, script, &result, split);
    } else {
        take_error(arena, (struct text){copy, script.size}, result.error, split);
    }
    pg_query_free_split_result(result);
}

/* How many BEGIN ATOMIC, and CASE inside them, are open after a word: the END of these ends no statement. */
static size_t open_bodies(size_t open, bool behind_begin, const struct sql_token *token)
{
    if (behind_begin && sql_is_word(token, "atomic")) {
        return open + 1;
    }
    if (open > 0 && sql_is_word(token, "case")) {
        return open + 1;
    }
    return open > 0 && sql_is_word(token, "end") ? open - 1 : open;
}

bool sql_next_statement(struct sql_lexer *lexer, struct sql_statement *statement)
{
    size_t bodies = 0;
    size_t parentheses = 0;
    bool behind_begin = false;
    bool found = false;
    for (struct sql_token token = sql_next(lexer); token.kind != SQL_END; token = sql_next(lexer)) {
        const char symbol = token.kind == SQL_SYMBOL ? token.text.data[0] : '\0';
        if (symbol == ';' && parentheses == 0 && bodies == 0) {
            if (found) {
                return true;
            }
            continue;
        }
        statement->start = found ? statement->start : token.offset;
        statement->end = token.offset + token.text.size;
        found = true;
        parentheses += symbol == '(' ? 1 : 0;
        parentheses -= symbol == ')' && parentheses > 0 ? 1 : 0;
        if (token.kind == SQL_WORD) {
            bodies = open_bodies(bodies, behind_begin, &token);
        }
        behind_begin = sql_is_word(&token, "begin");
    }
    return found;
}
