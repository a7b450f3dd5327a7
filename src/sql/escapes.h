/*
 * What a rollback does not undo: work in another session or outside of the database. By words.
 */
#ifndef SQL_ESCAPES_H
#define SQL_ESCAPES_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"

/* The functions of PostgreSQL and its extensions that do such work, by their bare names; ends with NULL. */
extern const char *const sql_escaping[];

/* What of a statement stays although its transaction is rolled back ("dblink_exec()", "COPY with a PROGRAM"); NULL:
 * nothing that is known. Sequences, which give the next value in any case, are not meant.
 * known: bare names of other functions that call such ones, in this arena; NULL: none. A function that the statement
 * makes of such a body is added to them: to make it is harmless, a later call or trigger is not. */
const char *sql_escapes(struct arena *arena, struct text statement, struct words *known);

#endif
