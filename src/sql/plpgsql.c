/*
 * Follows pl_gram.y: a statement begins at the beginning, after a semicolon, after BEGIN, THEN, ELSE, LOOP, DECLARE,
 * EXCEPTION and a label; an expression ends at the first THEN or LOOP outside of parentheses.
 */
#include "sql/plpgsql.h"
#include "sql/take.h"

#include <stdint.h>
#include <string.h>

#define DEEPEST 8 /* DO inside DO */

/* After one of these, a statement begins at once. */
static const char *const openers[] = {"begin", "declare", "else", "exception", "loop", NULL};

/* These are followed by a condition, up to a certain word. */
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

/* The word that ends the condition after this one; NULL if it has none. */
static const char *end_of_header(const struct sql_token *token)
{
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (sql_is_word(token, headers[i].word)) {
            return headers[i].end;
        }
    }
    return NULL;
}

/* From the first word to the end of its condition; afterwards the lexer is after THEN or LOOP. */
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

/* <<label>>: returns true if there was one here; then the lexer is after it. */
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

/* #option lines, which end at the end of the line. */
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

/* COMMIT or ROLLBACK [AND [NO] CHAIN] and nothing else: a variable of that name would be followed by := or a dot. */
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

const char *sql_called(struct arena *arena, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    return sql_take(&reader, "call") ? sql_take_dotted(arena, &reader) : NULL;
}

/* The inside of a string, not copied if it needs no unquoting. */
static struct text inside(struct arena *arena, const struct sql_token *token)
{
    if (token->text.data[0] == '$') {
        const size_t tag = text_find(token->text, "$", 1) + 1;
        return text_slice(token->text, tag, token->text.size - tag);
    }
    return text_of(sql_string(arena, token));
}

bool sql_code(struct arena *arena, struct text statement, struct sql_code *code)
{
    struct sql_reader reader = sql_read(statement);
    bool found = false;
    *code = (struct sql_code){.is_do = sql_take(&reader, "do")};
    code->plpgsql = code->is_do; /* the language of a DO that names none */
    if (!code->is_do && (!sql_take_create(&reader) || !sql_take(&reader, "procedure") ||
                         (code->name = sql_take_dotted(arena, &reader)) == NULL)) {
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

/* What is searched for in a body. */
struct search {
    struct arena *arena;
    bool rollback_only;
    struct words procedures; /* a CALL of one of these counts */
};

static bool is_found(const struct search *search, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    return is_control(statement) && (!search->rollback_only || sql_is_word(&reader.token, "rollback"));
}

static bool finds(struct search *search, struct text body, int depth)
{
    struct sql_lexer lexer = {.text = body};
    struct sql_statement statement;
    while (plpgsql_next(&lexer, &statement)) {
        const struct text one = text_slice(body, statement.start, statement.end);
        struct sql_code inner;
        if (is_found(search, one) || words_have(&search->procedures, sql_called(search->arena, one))) {
            return true;
        }
        if (depth == DEEPEST || !sql_code(search->arena, one, &inner) || !inner.plpgsql ||
            !finds(search, inner.body, depth + 1)) {
            continue;
        }
        if (inner.is_do) {
            return true;
        }
        words_add(search->arena, &search->procedures, inner.name);
    }
    return false;
}

bool plpgsql_commits(struct arena *arena, struct text body, const struct words *committing)
{
    /* Procedures that the body itself creates are known only inside it. */
    struct search search = {.arena = arena};
    words_add_all(arena, &search.procedures, committing);
    return finds(&search, body, 0);
}

bool plpgsql_rolls_back(struct arena *arena, struct text body, const struct words *rolling_back)
{
    struct search search = {.arena = arena, .rollback_only = true};
    words_add_all(arena, &search.procedures, rolling_back);
    return finds(&search, body, 0);
}

bool procedures_note(struct arena *arena, struct procedures *procedures, const char *name, struct text body)
{
    if (!plpgsql_commits(arena, body, &procedures->committing)) {
        return false;
    }
    words_add(arena, &procedures->committing, name);
    if (plpgsql_rolls_back(arena, body, &procedures->rolling_back)) {
        words_add(arena, &procedures->rolling_back, name);
    }
    return true;
}

void procedures_join(struct arena *arena, struct procedures *procedures, const struct procedures *others)
{
    words_add_all(arena, &procedures->committing, &others->committing);
    words_add_all(arena, &procedures->rolling_back, &others->rolling_back);
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
