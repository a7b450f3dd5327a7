/*
 * Drops a branch's database.
 */
#ifndef BRANCH_DROP_H
#define BRANCH_DROP_H

#include "branch/branch.h"

/* Drops the database of this name if it belongs to the row: it has our prefix and the row's token in its comment, or it
 * has the provisional name with that token. Does nothing if it does not exist. FAILED_PRECONDITION if it is a different
 * database, which is left alone. The session must hold the branch's lock. Terminates sessions on the database. */
bool drop_database(const struct branch_call *call, struct pg_session *session, const struct branch_row *row,
                   const char *name);

/* Drops the row's database, under its final and its provisional name; the row becomes "deleted", or says why not. */
bool drop_branch(const struct branch_call *call, struct pg_session *maintenance, const struct branch_row *row);

#endif
