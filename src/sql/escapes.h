/*
 * What a rollback does not undo: work in another session or outside of the database. Judged by words.
 */
#ifndef SQL_ESCAPES_H
#define SQL_ESCAPES_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"

/* The functions of PostgreSQL and its extensions that do such work, by their unqualified names; ended by NULL. */
extern const char *const sql_escaping[];

/* What of a statement remains although its transaction is rolled back ("dblink_exec()", "COPY with a PROGRAM"); NULL:
 * nothing known. Sequences, which always advance, are not included. known: unqualified names of further functions that
 * call such ones, in this arena; NULL: none. A function that the statement creates with such a body is added: creating
 * it is harmless, a later call or trigger is not. */
const char *sql_escapes(struct arena *arena, struct text statement, struct words *known);

/* The same of the body of a function: what it does when it is called. known: as above, nothing is added. */
const char *sql_escapes_of_body(struct arena *arena, struct text body, struct words *known);

#endif
