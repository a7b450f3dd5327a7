/*
 * What is counted of runs, and the states of migrations as they were seen last. Belongs to the worker; whoever works
 * adds to it, without asking anybody. Where there is none (NULL), nothing is counted.
 */
#ifndef MIGRATION_METERS_H
#define MIGRATION_METERS_H

#include "base/tally.h"

#include <pthread.h>
#include <stdbool.h>

enum run_outcome { RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELLED, RUN_REFUSED, RUN_OUTCOMES };

/* "succeeded" */
const char *run_outcome_word(enum run_outcome outcome);

#define METER_LEDGERS 8   /* tracking tables whose states are kept; a worker has one, seldom two */
#define METER_NAME    192 /* bytes of a name */

/* How many migrations of a tracking table are in which state, as somebody saw it. */
struct seen_states {
    char framework[METER_NAME];
    char ledger[METER_NAME]; /* "schema.table"; "": it is not made yet */
    int64_t at;              /* wall clock, microseconds; 0: the place is free */
    uint64_t applied;
    uint64_t pending;
    uint64_t modified;
    uint64_t orphaned;
    uint64_t failed; /* attempts that nobody has resolved; of any of the others */
};

struct meters {
    tally runs[2][RUN_OUTCOMES]; /* real ones, dry ones */
    tally migrations[2];         /* applied, failed */
    tally steps;                 /* sent to their end */
    tally lock_failures;         /* tries that had no lock in time */
    tally stall_us;              /* that those tries waited, while others may have queued behind them */
    tally lock_wait_us;          /* the same and the pauses between the tries, in which nobody queues behind us */
    tally run_wait_us;           /* of runs, for another run to end */
    _Atomic int64_t running;
    _Atomic int64_t last_success; /* wall clock, microseconds; 0: none yet */
    struct tally_times run_times;
    struct tally_times migration_times;
    pthread_mutex_t mutex; /* of what follows */
    struct seen_states states[METER_LEDGERS];
};

struct meters *meters_new(void);
void meters_free(struct meters *meters);

/* Somebody has read the states; `at` is set here. What was seen of the framework while its table was not made is
 * forgotten when one is there. Of more tracking tables than there is room for, the one that was
 * looked at longest ago is forgotten. */
void meters_saw(struct meters *meters, const struct seen_states *states);

/* A copy of those that are known, in no order; their number. */
size_t meters_states(struct meters *meters, struct seen_states states[METER_LEDGERS]);

/* A try for a lock has failed after so long. */
void meters_lock_failed(struct meters *meters, uint32_t ms);

/* It is tried again after a pause of so long. */
void meters_lock_paused(struct meters *meters, uint32_t ms);

/* A run has waited so long for another one. */
void meters_run_waited(struct meters *meters, int64_t ms);

#endif
