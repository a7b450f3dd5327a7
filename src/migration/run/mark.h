/*
 * Writes to the ledger without running anything.
 */
#ifndef MIGRATION_RUN_MARK_H
#define MIGRATION_RUN_MARK_H

#include "migration/look/place.h"
#include "migration/record/transaction.h"
#include "migration/run/current.h"

/* Records a migration as applied. *message says what was done, or that it was recorded already. NOT_FOUND for a name
 * without a file. */
bool mark_applied(const struct request *request, const char *name, const char **message);

/* Records that a failed attempt was rolled back by hand. FAILED_PRECONDITION if there is none. */
bool mark_rolled_back(const struct request *request, const char *name, const char **message);

/* The transaction that writes `record` as `part` and runs nothing; it borrows its arguments. has_steps: also delete the
 * stored steps of an attempt (store_exists). */
struct transaction mark_transaction(const struct run *run, const struct catalog *catalog,
                                    const struct ledger_record *record, enum ledger_part part, bool has_steps);

#endif
