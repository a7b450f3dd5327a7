/*
 * Why and where a migration failed: its status, and what only a run knows about it. Does not depend on the run's code.
 */
#ifndef MIGRATION_FAILURE_H
#define MIGRATION_FAILURE_H

#include "base/status.h"
#include "base/text.h"
#include "migration/events.h"

/* Members are zero or NULL if not known. */
struct failure {
    struct status status;  /* the reason; its strings are in the arena of whoever failed, until failure_keep */
    const char *statement; /* the one that failed, shortened */
    size_t done;           /* if a statement of the script failed: how many of its message had finished before it */
    struct position where; /* in the file */
    uint32_t step;         /* 1-based, out of `steps` */
    uint32_t steps;
    bool partially_applied;
    bool needs_person;    /* a rerun cannot continue after what was committed; a person must look */
    bool connection_lost; /* whether the server committed cannot be known from this connection */
    bool is_unknown;      /* nor from another one: it may have been committed */
    bool terminated;      /* somebody, or a time limit, ended our session (57P01, 25P04): do not try again */
    const struct run_blocker *blockers;
    size_t blocker_count;
};

/* Makes a failure of a status, with all that it says; keeps the step and resets the other members. Every failure is
 * made here. Returns false, so that the caller can return it. */
bool failure_take(struct failure *failure, const struct status *status);

/* The advice that a failure would have, for what fails without one: a mark. Returns false. */
bool failure_advise(struct status *status);

/* Was the run cancelled? */
bool failure_is_cancelled(const struct failure *failure);

/* Copies a failure into an arena that lives longer. */
struct failure failure_keep(struct arena *arena, const struct failure *failure);

#endif
