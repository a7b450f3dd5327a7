/*
 * PostgreSQL's tokens, one at a time and without allocation: tells which words of a file are SQL and which are inside
 * strings, comments, dollar quotes and quoted identifiers. libpg_query splits scripts into statements (sql/split.h);
 * this finds what a statement begins with, and words in files that the parser does not know.
 */
#ifndef SQL_LEXER_H
#define SQL_LEXER_H

#include "base/text.h"

#include <stdbool.h>

enum sql_token_kind {
    SQL_END,
    SQL_WORD,       /* keyword or plain identifier */
    SQL_IDENTIFIER, /* "quoted", U&"…" */
    SQL_STRING, /* '…', E'…', B'…', X'…', U&'…', N'…', $tag$…$tag$; with all parts that are separated by line breaks */
    SQL_NUMBER,
    SQL_PARAMETER, /* $1 */
    SQL_SYMBOL,    /* any other single character: ( ) , ; . [ ] : operators */
    SQL_BROKEN,    /* an unterminated string, identifier or comment; extends to the end */
};

struct sql_token {
    enum sql_token_kind kind;
    struct text text; /* as written, with quotes */
    size_t offset;    /* in bytes, in the whole text */
};

struct sql_lexer {
    struct text text;
    size_t offset;
    bool backslashes; /* standard_conforming_strings is off on the server: '…' has escapes like E'…' */
};

/* Returns the next token, skipping white space and (nested) comments; SQL_END at the end, also repeatedly. */
struct sql_token sql_next(struct sql_lexer *lexer);

/* Is it a SQL_WORD that equals this keyword, ignoring case? */
bool sql_is_word(const struct sql_token *token, const char *word);
bool sql_is_any_word(const struct sql_token *token, const char *const *words);
bool sql_is_symbol(const struct sql_token *token, char symbol);

/* Is there nothing more to read: the end, or something that is never closed? */
bool sql_is_end(const struct sql_token *token);

/* A copy of the text that reads the same with standard strings as the original does with standard_conforming_strings
 * off: escapes inside '…' are replaced by letters; everything else and all offsets stay. Only for parsing, never for
 * sending. */
struct text sql_conforming(struct arena *arena, struct text text);

/* Finds the next gap between two parts of a string token (not dollar-quoted), [*at, *end): white space with a line
 * break, and comments. Start with *at 0, then pass the previous *end. Returns false if there is none. */
bool sql_string_gap(struct text string, size_t *at, size_t *end);

/* Finds a quote, quoted name, dollar quote or comment that is never closed: returns its offset, and *what says what it
 * is. SIZE_MAX: none. */
size_t sql_unclosed(struct text text, const char **what);

/* Reads a statement token by token with one token of look-ahead, which is SQL_END at the end. */
struct sql_reader {
    struct sql_lexer lexer;
    struct sql_token token;
};

struct sql_reader sql_read(struct text text);
void sql_advance(struct sql_reader *reader);

/* If the token is this keyword, skips it and returns true. */
bool sql_take(struct sql_reader *reader, const char *word);

/* If these words (separated by spaces) come next, skips them and returns true; otherwise the reader does not move. */
bool sql_take_words(struct sql_reader *reader, const char *words);

/* Skips to the parenthesis that closes the one at the reader, or to behind it; false, at the end, if none does. */
bool sql_find_closing(struct sql_reader *reader);
bool sql_skip_parentheses(struct sql_reader *reader);

/* Skips to and over this word; returns false, at the end, if it does not occur. */
bool sql_skip_to(struct sql_reader *reader, const char *word);

/* The same outside of parentheses. */
bool sql_skip_to_outside(struct sql_reader *reader, const char *word);

/* Does the keyword occur in the text, outside of strings and comments? */
bool sql_has_word(struct text text, const char *word);

/* The same for one of several. */
bool sql_has_any_word(struct text text, const char *const *words);

/* Do these two keywords occur one after the other? */
bool sql_has_words(struct text text, const char *first, const char *second);

/* Does the token name this object: as a word in any case, or as a quoted name in exactly this one? name: folded, as in
 * the catalogs. Without allocation, for the many words of a script. */
bool sql_names(const struct sql_token *token, const char *name);

/* The identifier in a token: a word in lower case, a quoted one unquoted, a long one cut as in PostgreSQL (LIMIT_NAME);
 * NULL for other tokens. */
const char *sql_identifier(struct arena *arena, const struct sql_token *token);

/* Reads the name at the reader, "t" or "app.t", and moves after it. Returns its last part; *schema (may be NULL) is the
 * part before it, or NULL. NULL if there is no name (the reader does not move), or if a dot is followed by no name. */
const char *sql_take_name(struct arena *arena, struct sql_reader *reader, const char **schema);

/* If IF EXISTS or IF NOT EXISTS comes next, skips it and returns true. */
bool sql_take_if(struct sql_reader *reader);

/* The value of a plain '…', E'…' or dollar-quoted string token; NULL for other tokens. */
const char *sql_string(struct arena *arena, const struct sql_token *token);

#endif
