/*
 * PostgreSQL's tokens, one at a time and without allocating: enough to know which words of a file are SQL and which are
 * inside strings, comments, dollar quotes and quoted identifiers. Cutting into statements is libpg_query's work
 * (sql/split.h); this says what a statement begins with, and finds words in files that the parser does not know.
 */
#ifndef SQL_LEXER_H
#define SQL_LEXER_H

#include "base/text.h"

#include <stdbool.h>

enum sql_token_kind {
    SQL_END,
    SQL_WORD,       /* keyword or plain identifier */
    SQL_IDENTIFIER, /* "quoted", U&"…" */
    SQL_STRING, /* '…', E'…', B'…', X'…', U&'…', N'…', $tag$…$tag$; all parts that line breaks are between */
    SQL_NUMBER,
    SQL_PARAMETER, /* $1 */
    SQL_SYMBOL,    /* one character of anything else: ( ) , ; . [ ] : operators */
    SQL_BROKEN,    /* an unterminated string, identifier or comment: reaches to the end */
};

struct sql_token {
    enum sql_token_kind kind;
    struct text text; /* as written, with quotes */
    size_t offset;    /* in bytes, in the whole text */
};

struct sql_lexer {
    struct text text;
    size_t offset;
    bool backslashes; /* the server's standard_conforming_strings is off: '…' has escapes as E'…' has */
};

/* The next token; SQL_END at the end, again and again. White space and comments (nested ones too) are passed over. */
struct sql_token sql_next(struct sql_lexer *lexer);

/* True for a SQL_WORD that is this keyword, in any case. */
bool sql_is_word(const struct sql_token *token, const char *word);
bool sql_is_any_word(const struct sql_token *token, const char *const *words);
bool sql_is_symbol(const struct sql_token *token, char symbol);

/* The same text in which every reader of standard strings sees what a server sees whose standard_conforming_strings is
 * off: escapes inside '…' are letters now, all else and every offset stays. To be looked at, never to be sent. */
struct text sql_conforming(struct arena *arena, struct text text);

/* The next gap between two parts of a string token that is none in dollar quotes, [*at, *end): white space with a line
 * break, and comments. *at is 0 at first, and then the *end before. False where there is none. */
bool sql_string_gap(struct text string, size_t *at, size_t *end);

/* Where a quote, a name in quotes, a dollar quote or a comment is opened and never closed: the offset, and in words
 * what it is. SIZE_MAX where all is closed. */
size_t sql_unclosed(struct text text, const char **what);

/* A statement that is read token by token, with one token of look-ahead; behind the end it is SQL_END. */
struct sql_reader {
    struct sql_lexer lexer;
    struct sql_token token;
};

struct sql_reader sql_read(struct text text);
void sql_advance(struct sql_reader *reader);

/* True where the token is this keyword, which is then passed over. */
bool sql_take(struct sql_reader *reader, const char *word);

/* True where these words come next, which have spaces between them and are then passed over; else the reader stays. */
bool sql_take_words(struct sql_reader *reader, const char *words);

/* Passes over tokens until this word, which is taken; false, and at the end, where it does not come. */
bool sql_skip_to(struct sql_reader *reader, const char *word);

/* Is the keyword anywhere in the text, outside strings and comments? */
bool sql_has_word(struct text text, const char *word);

/* The identifier that a token names: a word in lower case, a quoted one unquoted, a long one cut as PostgreSQL cuts it
 * (LIMIT_NAME); NULL for other tokens. */
const char *sql_identifier(struct arena *arena, const struct sql_token *token);

/* The name that the reader stands on, "t" or "app.t": its last part. *schema (may be NULL): the part before it, or
 * NULL. The reader is behind the name then. NULL, and the reader stays, where there is none; NULL as well where a dot
 * has no part behind it. */
const char *sql_take_name(struct arena *arena, struct sql_reader *reader, const char **schema);

/* True where IF EXISTS or IF NOT EXISTS comes next, which is then passed over. */
bool sql_take_if(struct sql_reader *reader);

/* The value of a plain '…' or E'…' or dollar-quoted string token; NULL for other tokens. */
const char *sql_string(struct arena *arena, const struct sql_token *token);

#endif
