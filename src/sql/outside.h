/*
 * What a statement does outside of its database: to the server, to other databases, or elsewhere. If it is tried in a
 * copy of a database it still acts on the original's environment. Judged by words: what functions, procedures and
 * triggers do is not seen.
 */
#ifndef SQL_OUTSIDE_H
#define SQL_OUTSIDE_H

#include "base/arena.h"
#include "base/text.h"

/* The words for it ("CREATE ROLE", "ALTER SYSTEM", "dblink_exec()"); NULL: nothing known. In a DO block the whole body
 * is searched, and the strings that EXECUTE may get. */
const char *sql_outside(struct arena *arena, struct text statement);

/* The same of the body of a function, or of a statement that defines one: what it does when it is called. */
const char *sql_outside_of_body(struct arena *arena, struct text body);

#endif
