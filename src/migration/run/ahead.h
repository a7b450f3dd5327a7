/*
 * Makes the next migration ready while the server works on the one before: reads its file, compares it with the plan
 * and composes its message. What is ready is used only if it is young: a file that is changed during a long migration
 * is found, as it is without this.
 */
#ifndef MIGRATION_RUN_AHEAD_H
#define MIGRATION_RUN_AHEAD_H

#include "migration/run/attempt.h"
#include "migration/run/executor.h"

/* One that is ready, or none. Begins as {0}. */
struct ahead {
    struct attempt attempt;          /* in the arena */
    struct arena *arena;             /* its memory; NULL: nothing is ready */
    const struct prepared *prepared; /* which one it is; borrowed */
    int64_t at;                      /* clock_ms at which its file was read */
};

/* Reads the migration into an attempt, in the run's arena, as it was planned. Fails with the run's status if its file
 * cannot be read or is not what was planned. */
bool attempt_load(struct attempt *attempt, const struct execution *execution, size_t i);

/* Makes the migration at i ready if that is worth it: not a large one, or one of several transactions. What fails is
 * left to be found when its turn has come. Forgets another one. Must not be called while its run has an error. */
void ahead_prepare(struct ahead *ahead, const struct execution *execution, size_t i);

/* Takes the migration at i into *attempt if it is ready and still young. Its memory becomes the run's arena, as
 * run_enter makes one; *status the run's status. False: nothing has changed. */
bool ahead_take(struct ahead *ahead, const struct execution *execution, size_t i, struct attempt *attempt,
                struct status *status);

/* Forgets what is ready. */
void ahead_drop(struct ahead *ahead);

#endif
