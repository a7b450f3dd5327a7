/*
 * Writes to the ledger without running anything.
 */
#ifndef MIGRATION_RUN_MARK_H
#define MIGRATION_RUN_MARK_H

#include "migration/look/place.h"
#include "migration/record/transaction.h"
#include "migration/run/current.h"

/* For the user, in the request's arena. */
struct mark_told {
    const char *message; /* what was done, or that it was recorded already */
    const char *warning; /* what it does to other migrations; NULL: nothing */
};

/* Records a migration as applied. NOT_FOUND for a name without a file. */
bool mark_applied(const struct request *request, const char *name, struct mark_told *told);

/* Records that a failed attempt was rolled back by hand. FAILED_PRECONDITION if there is none. */
bool mark_rolled_back(const struct request *request, const char *name, struct mark_told *told);

/* Fails if the tracking table has only the last version and that is an attempt that failed, whose file the folder does
 * not have: a mark of another migration would take its place. */
bool mark_check_unfinished(const struct catalog *catalog, struct status *status);

/* The transaction that writes `record` as `part` and runs nothing; it borrows its arguments. has_steps: also delete the
 * stored steps of an attempt (store_exists). */
struct transaction mark_transaction(const struct run *run, const struct catalog *catalog,
                                    const struct ledger_record *record, enum ledger_part part, bool has_steps);

#endif
