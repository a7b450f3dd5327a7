/*
 * The structure does not matter: of what may run, nothing else is needed than the statements and the conditions.
 */
#include "sql/plain_block.h"

#include "sql/plpgsql.h"

#define MOST 200 /* statements */

/* END, END IF, NULL, RETURN: nothing happens. */
static bool is_idle(struct sql_reader words)
{
    const bool ends = sql_take(&words, "end");
    if (ends) {
        sql_take(&words, "if");
    } else if (!sql_take(&words, "null") && !sql_take(&words, "return")) {
        return false;
    }
    return words.token.kind == SQL_END;
}

/* RAISE with no more than a string: expressions behind it may call anything. */
static bool only_says(struct sql_reader words)
{
    static const char *const levels[] = {"debug", "log", "info", "notice", "warning", "exception", NULL};
    if (!sql_take(&words, "raise")) {
        return false;
    }
    if (sql_is_any_word(&words.token, levels)) {
        sql_advance(&words);
    }
    if (words.token.kind == SQL_STRING) {
        sql_advance(&words);
    }
    return words.token.kind == SQL_END;
}

/* A part of ALTER TABLE: ADD, of a column or a constraint, DROP CONSTRAINT, or row level security that is turned on. */
static bool take_part(struct sql_reader *words)
{
    static const char *const others[] = {"attribute", "value", "generated", NULL};
    static const char *const whole[] = {"drop constraint", "enable row level security", "force row level security"};
    if (sql_take(words, "add")) {
        return !sql_is_any_word(&words->token, others);
    }
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        struct sql_reader ahead = *words;
        if (sql_take_words(&ahead, whole[i])) {
            *words = ahead;
            return true;
        }
    }
    return false;
}

/* ALTER TABLE with nothing but such parts. USING INDEX would rename the index. */
static bool only_adds(struct arena *arena, struct sql_reader words, struct text statement)
{
    if (!sql_take_words(&words, "alter table") || sql_has_words(statement, "using", "index")) {
        return false;
    }
    sql_take_if(&words);
    sql_take(&words, "only");
    if (sql_take_name(arena, &words, NULL) == NULL) {
        return false;
    }
    for (;;) {
        if (!take_part(&words)) {
            return false;
        }
        while (!sql_is_end(&words.token) && !sql_is_symbol(&words.token, ',')) {
            if (!sql_is_symbol(&words.token, '(')) {
                sql_advance(&words);
            } else if (!sql_skip_parentheses(&words)) {
                return false;
            }
        }
        if (words.token.kind == SQL_END) {
            return true;
        }
        if (!sql_is_symbol(&words.token, ',')) {
            return false;
        }
        sql_advance(&words);
    }
}

static bool only_creates(struct arena *arena, struct sql_reader words, struct text statement)
{
    if (!sql_take(&words, "create")) {
        return false;
    }
    if (sql_take(&words, "type")) {
        return sql_take_name(arena, &words, NULL) != NULL && sql_take(&words, "as") &&
               (sql_is_word(&words.token, "enum") || sql_is_symbol(&words.token, '('));
    }
    if (sql_take(&words, "schema")) {
        sql_take_if(&words);
        return sql_take_name(arena, &words, NULL) != NULL && words.token.kind == SQL_END;
    }
    if (sql_is_word(&words.token, "view") || sql_is_word(&words.token, "policy") ||
        sql_is_word(&words.token, "trigger")) {
        return true;
    }
    if (!sql_take(&words, "unlogged")) {
        sql_take(&words, "unique");
    }
    return (sql_is_word(&words.token, "table") || sql_is_word(&words.token, "index") ||
            sql_is_word(&words.token, "sequence")) &&
           !sql_has_word(statement, "concurrently");
}

/* INSERT; with INTO behind it, for a variable, it cannot be read. DROP POLICY and DROP TRIGGER, which stand in front of
 * a CREATE. */
static bool is_other(struct sql_reader words)
{
    return sql_is_word(&words.token, "insert") ||
           (sql_take(&words, "drop") && (sql_is_word(&words.token, "policy") || sql_is_word(&words.token, "trigger")));
}

/* IF and ELSIF: PL/pgSQL runs SELECT with the condition behind it. */
static bool is_condition(struct sql_reader words)
{
    static const char *const ifs[] = {"if", "elsif", "elseif", NULL};
    return sql_is_any_word(&words.token, ifs);
}

/* Adds what the piece of the body runs. False if it is nothing of this kind. */
static bool take_piece(struct arena *arena, struct text piece, struct sql_plain_block *block)
{
    struct sql_reader words = sql_read(piece);
    struct text *const item = &block->items[block->count];
    if (is_idle(words) || only_says(words) || sql_is_word(&words.token, "when")) {
        return true; /* CASE, of which a WHEN might be, comes before it and is refused */
    }
    if (is_condition(words)) {
        const size_t behind = words.token.offset + words.token.text.size;
        *item = text_of(arena_printf(arena, "SELECT %.*s", (int)(piece.size - behind), piece.data + behind));
    } else if (only_adds(arena, words, piece) || only_creates(arena, words, piece) || is_other(words)) {
        *item = piece;
    } else {
        return false;
    }
    block->count++;
    return true;
}

/* Does it set the search path, or anything else, in an expression? */
static bool sets(struct text body)
{
    struct sql_lexer lexer = {.text = body};
    struct sql_token token = sql_next(&lexer);
    while (!sql_is_end(&token) && !sql_names(&token, "set_config")) {
        token = sql_next(&lexer);
    }
    return token.kind != SQL_END;
}

bool sql_plain_block(struct arena *arena, struct text statement, struct sql_plain_block *block)
{
    struct sql_code code;
    struct sql_reader words = sql_read(statement);
    *block = (struct sql_plain_block){0};
    if (!sql_is_word(&words.token, "do") || !sql_code(arena, statement, &code) || !code.plpgsql) {
        return false;
    }
    words = sql_read(code.body);
    if (!sql_is_word(&words.token, "begin") || sets(code.body)) {
        return false;
    }
    struct sql_lexer lexer = {.text = code.body};
    struct sql_statement piece;
    block->items = arena_array(arena, MOST, sizeof *block->items);
    while (plpgsql_next(&lexer, &piece)) {
        if (block->count == MOST || !take_piece(arena, text_slice(code.body, piece.start, piece.end), block)) {
            return false;
        }
    }
    return block->count > 0;
}
