/*
 * Steps outside a transaction of ours: statements that PostgreSQL refuses inside one, and pieces of the script that
 * commit where we cannot see it. Each is recorded as begun before it is sent and as finished afterwards; if it is
 * interrupted between, it may leave something.
 */
#ifndef MIGRATION_RUN_ALONE_H
#define MIGRATION_RUN_ALONE_H

#include "migration/run/attempt.h"

/* Runs a step that is one statement (STEP_ALONE). was_begun: an earlier run was interrupted in it, and alone_resume has
 * cleaned up. */
bool alone_run(struct attempt *attempt, size_t i, bool was_begun);

/* Runs a piece of the script that commits by itself at unknown places. */
bool alone_run_unseen(struct attempt *attempt, size_t i);

/* Step i was interrupted in an earlier run. Sets *finished if it was completed nevertheless; otherwise it is begun
 * anew. Fails if that cannot be told. */
bool alone_resume(struct attempt *attempt, size_t i, bool *finished);

/* Cleans up after a step that failed: drops an INVALID index at once. Returns true if the step left nothing at all. */
bool alone_clean_up(struct attempt *attempt, size_t i);

#endif
