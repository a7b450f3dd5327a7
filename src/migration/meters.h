/*
 * Counters of runs, and the states of migrations when they were last read. Owned by the worker; any thread may add to
 * them. If meters is NULL nothing is counted.
 */
#ifndef MIGRATION_METERS_H
#define MIGRATION_METERS_H

#include "base/tally.h"

#include <pthread.h>
#include <stdbool.h>

enum run_outcome { RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELLED, RUN_REFUSED, RUN_OUTCOMES };

/* "succeeded", "failed", … */
const char *run_outcome_word(enum run_outcome outcome);

#define METER_LEDGERS 8   /* tracking tables whose states are kept; a worker usually has one */
#define METER_NAME    192 /* bytes of a name, with its NUL */

/* How many migrations of a tracking table were in each state. */
struct seen_states {
    char framework[METER_NAME];
    char ledger[METER_NAME]; /* "schema.table"; "": not created yet */
    int64_t at;              /* when they were read; wall clock, microseconds; 0: the slot is free */
    uint64_t applied;
    uint64_t pending;
    uint64_t modified;
    uint64_t orphaned;
    uint64_t failed; /* unresolved failed attempts; these are also counted in a state */
};

struct meters {
    tally runs[2][RUN_OUTCOMES]; /* real runs, dry runs */
    tally migrations[2];         /* applied, failed */
    tally steps;                 /* that finished */
    tally lock_failures;         /* attempts that did not get a lock in time */
    tally stall_us;              /* the time those attempts waited, in which others may have queued behind us */
    tally lock_wait_us;          /* that time and the pauses between the attempts, in which nobody queues behind us */
    tally run_wait_us;           /* the time that runs waited for another run */
    _Atomic int64_t running;
    _Atomic int64_t last_success; /* wall clock, microseconds; 0: none */
    struct tally_times run_times;
    struct tally_times migration_times;
    pthread_mutex_t mutex; /* protects the states */
    struct seen_states states[METER_LEDGERS];
};

struct meters *meters_new(void);
void meters_free(struct meters *meters);

/* Stores states that were just read; sets `at`. Once a framework's table exists, what was seen before it existed is
 * dropped. If there is no free slot, the states that were read longest ago are dropped. */
void meters_saw(struct meters *meters, const struct seen_states *states);

/* Copies the known states, in no particular order; returns their number. */
size_t meters_states(struct meters *meters, struct seen_states states[METER_LEDGERS]);

/* An attempt to get a lock has failed after `ms`. */
void meters_lock_failed(struct meters *meters, uint32_t ms);

/* The next attempt follows after a pause of `ms`. */
void meters_lock_paused(struct meters *meters, uint32_t ms);

/* A run has waited `ms` for another run. */
void meters_run_waited(struct meters *meters, int64_t ms);

#endif
