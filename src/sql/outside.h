/*
 * What a statement does beyond the database that it runs in: to the server, to its other databases, or elsewhere. Tried
 * in a copy of a database, it acts on the original's surroundings. By words: what a function or a procedure does, and
 * what a trigger does, is not seen.
 */
#ifndef SQL_OUTSIDE_H
#define SQL_OUTSIDE_H

#include "base/arena.h"
#include "base/text.h"

/* The words for it ("CREATE ROLE", "ALTER SYSTEM", "dblink_exec()"); NULL: nothing that is known. In a DO block it is
 * looked for in the whole body and in the strings that EXECUTE may be given. */
const char *sql_outside(struct arena *arena, struct text statement);

#endif
