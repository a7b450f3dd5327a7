/*
 * Errors about branches that cannot be made, reset or compared: who is in the way, what no longer exists, and what to
 * do.
 */
#ifndef BRANCH_REFUSALS_H
#define BRANCH_REFUSALS_H

#include "branch/server.h"

/* Fails with FAILED_PRECONDITION and BUSY, with the sessions in the detail. All of these return false. */
bool refuse_busy(const struct branch_call *call, const char *parent, const struct sessions *sessions);

/* The same for a database of `size` bytes, too large to wait for unless requested. */
bool refuse_large(const struct branch_call *call, const char *parent, int64_t size);

/* The branch is protected, or another session has its lock. */
bool refuse_protected(const struct branch_call *call, const struct branch_row *row);
bool refuse_taken(const struct branch_call *call, const struct branch_row *row);

/* NOT_FOUND "Branch not found.": the branch with this number cannot be used. The detail says what became of it. */
bool refuse_unknown(const struct branch_call *call, const struct branch_row *row);

/* The database to copy does not exist. `branch`: the branch to reset or compare; NULL: a new one. */
bool refuse_gone(const struct branch_call *call, const char *parent, const struct branch_row *branch);

/* After a failure with an existing branch, or one that `is_new`: if the parent, or the active branch's database, does
 * not exist, replaces the status's message by that; PostgreSQL's or pg_dump's message becomes the detail. */
void explain_gone(const struct branch_call *call, const struct branch_row *row, bool is_new);

#endif
