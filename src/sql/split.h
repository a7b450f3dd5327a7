/*
 * A script cut into statements: with PostgreSQL's own parser (libpg_query, PostgreSQL 15 grammar) for what is then sent
 * piece by piece, and by words for what is only looked at.
 */
#ifndef SQL_SPLIT_H
#define SQL_SPLIT_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/lexer.h"

#include <stdbool.h>

struct sql_statement {
    size_t start; /* byte offset of its first token: leading white space and comments are left out */
    size_t end;   /* behind its last token, without the semicolon */
};

struct sql_split {
    struct sql_statement *statements;
    size_t count;
    /* False where the parser does not know the script (newer syntax, psql meta-commands, a plain mistake): then there
     * is nothing in statements, and error says what it stumbled on and where. */
    bool parsed;
    const char *error;   /* in the arena; NULL where parsed */
    size_t error_offset; /* bytes */
};

/* Cuts a script, which must be UTF-8 without NUL bytes. Empty statements are left out. Takes up to 120 times the
 * script's size in memory, for as long as it runs. */
void sql_split(struct arena *arena, struct text script, struct sql_split *split);

/* A copy as libpg_query can read it (it wants a C string): with blanks in place of comments between the parts of one
 * string, which its scanner does not know ('a' -- x, and on the next line 'b', is 'ab'). Every byte stays in its place.
 */
char *sql_for_parser(struct arena *arena, struct text text);

/* True for a text with a run of characters that libpg_query's scanner takes minutes for: no function of it may see it.
 */
bool sql_is_scanner_trap(struct text script);

/* The next statement by semicolons, as psql cuts: no parser and no memory, and the script may be wrong or newer than
 * the parser. Empty statements are left out; false at the end. */
bool sql_next_statement(struct sql_lexer *lexer, struct sql_statement *statement);

#endif
