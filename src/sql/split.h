/*
 * Splits a script into statements: with PostgreSQL's own parser (libpg_query, PostgreSQL 15 grammar) if the pieces are
 * to be sent, by words if they are only examined.
 */
#ifndef SQL_SPLIT_H
#define SQL_SPLIT_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/lexer.h"

#include <stdbool.h>

struct sql_statement {
    size_t start; /* byte offset of its first token, after white space and comments */
    size_t end;   /* after its last token, without the semicolon */
};

struct sql_split {
    struct sql_statement *statements;
    size_t count;
    /* False if the parser does not accept the script (newer syntax, psql meta-commands, an error): statements is then
     * empty, and error says what is wrong and where. */
    bool parsed;
    const char *error;   /* in the arena; NULL if parsed */
    size_t error_offset; /* bytes */
};

/* Splits a script, which must be UTF-8 without NUL bytes. Empty statements are left out. Temporarily takes up to 120
 * times the script's size in memory. */
void sql_split(struct arena *arena, struct text script, struct sql_split *split);

/* A copy as a C string for libpg_query, with blanks in place of comments between the parts of one string, which its
 * scanner does not support ('a' -- x, and on the next line 'b', is 'ab'). All bytes keep their places. */
char *sql_for_parser(struct arena *arena, struct text text);

/* Does the text contain a run of characters for which libpg_query's scanner takes minutes? Then pass it to none of its
 * functions. */
bool sql_is_scanner_trap(struct text script);

/* Returns the next statement, separated by semicolons as in psql: without parser or allocation, so the script may be
 * invalid or newer than the parser. Empty statements are left out; false at the end. */
bool sql_next_statement(struct sql_lexer *lexer, struct sql_statement *statement);

#endif
