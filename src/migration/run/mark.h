/*
 * Writing to the ledger without running anything.
 */
#ifndef MIGRATION_RUN_MARK_H
#define MIGRATION_RUN_MARK_H

#include "migration/look/place.h"
#include "migration/record/transaction.h"
#include "migration/run/current.h"

/* Records a migration as applied. *message says what was done, or that it was so already. NOT_FOUND for a name without
 * a file. */
bool mark_applied(const struct request *request, const char *name, const char **message);

/* Records that a failed attempt was rolled back by hand. FAILED_PRECONDITION where there is none. */
bool mark_rolled_back(const struct request *request, const char *name, const char **message);

/* The transaction that writes `record` as `part` and runs nothing; it borrows all three. has_steps: steps that are kept
 * of an attempt at it are forgotten with it (store_exists). */
struct transaction mark_transaction(const struct run *run, const struct catalog *catalog,
                                    const struct ledger_record *record, enum ledger_part part, bool has_steps);

#endif
