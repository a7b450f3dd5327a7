/*
 * Sequences in a try that is rolled back: nextval() is not undone by a rollback. Those that the scripts may touch get
 * new storage inside the transaction, which goes with it; the others are looked at afterwards.
 */
#ifndef MIGRATION_RUN_SEQUENCES_H
#define MIGRATION_RUN_SEQUENCES_H

#include "migration/plan/plan.h"
#include "migration/result.h"
#include "migration/run/current.h"

struct sequence {
    const char *name; /* quoted, with its schema */
    const char *oid;
    const char *value; /* last_value and is_called before the try */
    bool named;        /* by the scripts, or its table is, and it is ours to alter */
};

struct sequences {
    struct sequence *items;
    size_t count;
};

/* Finds the sequences of the database, and which of them the scripts of a preparation name. */
bool sequences_find(struct run *run, const struct preparation *preparation, struct sequences *sequences);

/* Inside the transaction: the named ones get storage of their own until it ends. Takes SHARE ROW EXCLUSIVE on each:
 * inserts of others that use them wait until the try is over. lock_timeout_ms 0: no limit. */
bool sequences_set_aside(struct run *run, const struct sequences *sequences, uint32_t lock_timeout_ms,
                         struct failure *failure);

/* After the rollback: a warning for each sequence that this session has moved all the same. */
bool sequences_check(struct run *run, const struct sequences *sequences, struct run_result *result);

#endif
