/*
 * Why a branch cannot be made, reset or compared: who is in the way, what is not there any more, and what to do.
 */
#ifndef BRANCH_REFUSALS_H
#define BRANCH_REFUSALS_H

#include "branch/server.h"

/* FAILED_PRECONDITION and BUSY with the sessions in the detail. All of these are false. */
bool refuse_busy(const struct branch_call *call, const char *parent, const struct sessions *sessions);

/* The same of a database of `size` bytes, which nobody is to wait for unasked. */
bool refuse_large(const struct branch_call *call, const char *parent, int64_t size);

/* The database that is to be copied is not there. `branch`: what is made of it anew, or compared with it; NULL: a new
 * one. */
bool refuse_gone(const struct branch_call *call, const char *parent, const struct branch_row *branch);

/* Something failed, of a branch that is there, or of one that `is_new`: where the branch's parent, or the database that
 * an active branch has, is not there, the status says so in the place of what PostgreSQL or pg_dump said, which becomes
 * the detail. */
void explain_gone(const struct branch_call *call, const struct branch_row *row, bool is_new);

#endif
