/*
 * Sequences in a dry run: a rollback does not undo nextval(). The sequences that the scripts may use get new storage
 * inside the transaction, which is rolled back with it; the others are checked afterwards.
 */
#ifndef MIGRATION_RUN_SEQUENCES_H
#define MIGRATION_RUN_SEQUENCES_H

#include "migration/plan/plan.h"
#include "migration/result.h"
#include "migration/run/current.h"

struct sequence {
    const char *name; /* quoted, with its schema */
    const char *oid;
    const char *value; /* last_value and is_called before the dry run */
    bool named;        /* the scripts name it or its table, and we may alter it */
};

struct sequences {
    struct sequence *items;
    size_t count;
};

/* Finds the sequences of the database, and which of them the scripts name. */
bool sequences_find(struct run *run, const struct preparation *preparation, struct sequences *sequences);

/* Inside the transaction: gives the named sequences new storage until its end. Takes SHARE ROW EXCLUSIVE on each, so
 * that others' inserts that use them wait until the dry run is over. lock_timeout_ms 0: no limit. */
bool sequences_set_aside(struct run *run, const struct sequences *sequences, uint32_t lock_timeout_ms,
                         struct failure *failure);

/* After the rollback: adds a warning for each sequence that this session has advanced nevertheless; none if the server
 * cannot be asked, since the result of the dry run is known. */
void sequences_check(struct run *run, const struct sequences *sequences, struct run_result *result);

#endif
