/*
 * Why and where a migration failed: all that its status says, and what only a run knows of it. Knows nothing of runs;
 * everything that can fail for a migration speaks of it.
 */
#ifndef MIGRATION_FAILURE_H
#define MIGRATION_FAILURE_H

#include "base/status.h"
#include "base/text.h"
#include "migration/events.h"

/* Zero and NULL where nothing is known. */
struct failure {
    struct status status;  /* why: its strings live in the arena of who failed, until failure_keep */
    const char *statement; /* the one that failed, shortened */
    size_t done;           /* where a statement of the script failed: how many of its message had come to their end */
    struct position where; /* in the file */
    uint32_t step;         /* 1-based, of how many */
    uint32_t steps;
    bool partially_applied;
    bool needs_person;    /* a new run does not go on behind what stays */
    bool connection_lost; /* whether the server committed is not known from this connection */
    bool is_unknown;      /* nor from another one: it may be committed */
    bool terminated;      /* somebody ended our session (57P01): it is not tried again */
    const struct run_blocker *blockers;
    size_t blocker_count;
};

/* The one way from a status to a failure: takes all that it says. The step stays as it is, everything else is
 * forgotten. Returns false, so that it can be returned. */
bool failure_take(struct failure *failure, const struct status *status);

/* Is it by a wish to end the run? */
bool failure_is_cancelled(const struct failure *failure);

/* A failure out of memory that goes. */
struct failure failure_keep(struct arena *arena, const struct failure *failure);

#endif
