/*
 * What a copy of a database lacks, put back from the one that it was copied from: CREATE DATABASE copies what is inside
 * of a database, and nothing of what the server knows about it.
 */
#ifndef BRANCH_PUTBACK_H
#define BRANCH_PUTBACK_H

#include "branch/branch.h"

/* Owner, grants, settings (ALTER DATABASE SET, ALTER ROLE IN DATABASE SET) and connection limit of `from`, given to
 * `to`. Fails where what protects the data cannot be put back (nobody's CONNECT may be wider than it was); all else
 * that cannot is a warning. Nothing where `from` is not there. Over the maintenance session. */
bool putback_database(const struct branch_call *call, struct pg_session *session, const char *from, const char *to,
                      struct words *warnings);

/* Inside of the row's database: empties the copies of our own tables (the parent's operations and idempotency keys are
 * not the branch's), disables event triggers where that was asked for, and warns of what acts from it by itself. */
bool putback_inside(const struct branch_call *call, struct branch_row *row);

#endif
