/*
 * Steps that stand outside of a transaction of ours: what PostgreSQL refuses inside one, and pieces of the script that
 * commit where we cannot see. Each is written down as begun before it is sent, and as done behind it; between the two
 * it may leave something.
 */
#ifndef MIGRATION_RUN_ALONE_H
#define MIGRATION_RUN_ALONE_H

#include "migration/run/attempt.h"

/* Runs a step that is one statement (STEP_ALONE). was_begun: an earlier run was interrupted in it, and alone_resume has
 * looked. */
bool alone_run(struct attempt *attempt, size_t i, bool was_begun);

/* Runs a piece of the script that commits by itself, nobody knows where. */
bool alone_run_unseen(struct attempt *attempt, size_t i);

/* An earlier run was interrupted in step i: *finished where it was done all the same; else it is begun anew. False
 * where nobody can tell. */
bool alone_resume(struct attempt *attempt, size_t i, bool *finished);

/* A step that failed leaves nothing of its own: an INVALID index goes at once. True where it left nothing at all. */
bool alone_clean_up(struct attempt *attempt, size_t i);

#endif
