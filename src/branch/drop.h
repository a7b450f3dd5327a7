/*
 * The end of a branch's database.
 */
#ifndef BRANCH_DROP_H
#define BRANCH_DROP_H

#include "branch/branch.h"

/* Drops the database of this name where it is the row's: its name has our prefix, and its comment the row's token, or
 * it is the provisional one of that token. Fine where it is not there. FAILED_PRECONDITION where a database of this
 * name is another one: it is left alone. The session has the branch's lock. Sessions on it are ended. */
bool drop_database(const struct branch_call *call, struct pg_session *session, const struct branch_row *row,
                   const char *name);

/* Drops what a row has, under its final and its provisional name; the row is "deleted", or says why not. */
bool drop_branch(const struct branch_call *call, struct pg_session *maintenance, const struct branch_row *row);

#endif
