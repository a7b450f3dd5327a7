/*
 * Restores what a copy of a database lacks: CREATE DATABASE copies what is inside a database, and nothing that the
 * server stores about it.
 */
#ifndef BRANCH_PUTBACK_H
#define BRANCH_PUTBACK_H

#include "branch/branch.h"

/* Copies owner, grants, settings (ALTER DATABASE SET, ALTER ROLE IN DATABASE SET) and connection limit from `from` to
 * `to`, on the maintenance session. Fails if what protects the data cannot be copied (the right to CONNECT must not
 * become wider); everything else that fails is a warning. Does nothing if `from` does not exist. */
bool putback_database(const struct branch_call *call, struct pg_session *session, const char *from, const char *to,
                      struct words *warnings);

/* Inside the row's database: empties the copies of our own tables (operations and idempotency keys are the parent's),
 * disables event triggers if requested, and warns about objects that act by themselves. */
bool putback_inside(const struct branch_call *call, struct branch_row *row);

#endif
