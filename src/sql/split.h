/*
 * A script cut into statements with PostgreSQL's own parser (libpg_query, PostgreSQL 15 grammar).
 */
#ifndef SQL_SPLIT_H
#define SQL_SPLIT_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

struct sql_statement {
    size_t start; /* byte offset of its first token: leading white space and comments are left out */
    size_t end;   /* behind its last byte, without the semicolon */
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

/* Cuts a script, which must be UTF-8 without NUL bytes. Empty statements are left out. */
void sql_split(struct arena *arena, struct text script, struct sql_split *split);

#endif
