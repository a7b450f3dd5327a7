/*
 * After a lost connection: did the commit happen? The ledger knows.
 */
#ifndef MIGRATION_RUN_RECOVERY_H
#define MIGRATION_RUN_RECOVERY_H

#include "migration/look/catalog.h"
#include "migration/run/current.h"

/* What the ledger says of an attempt. */
struct truth {
    bool recorded;                 /* it was committed */
    bool started;                  /* its row is there, unfinished */
    struct ledger_entries entries; /* all that the ledger has, in the run's arena */
};

/* Is it the row of this attempt: by its id, or where the ledger has none, by its key? */
bool recovery_is_row_of(const struct ledger_entry *entry, const struct ledger_record *record);

/* Opens a new session, takes the locks, which the old backend holds as long as it lives, and looks for the row with
 * this id, or where the ledger has none, of this key. The run has that session then, or none. The truth is worth a
 * little more time than the request had. False where it cannot be found out. */
bool recovery_find_out(struct run *run, const struct catalog *catalog, const struct ledger_record *record,
                       struct truth *truth);

#endif
