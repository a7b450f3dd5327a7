/*
 * After a lost connection: did the commit happen? The ledger knows.
 */
#ifndef MIGRATION_RUN_RECOVERY_H
#define MIGRATION_RUN_RECOVERY_H

#include "migration/look/catalog.h"
#include "migration/run/current.h"

/* What the database says of an attempt. */
struct truth {
    bool recorded;                 /* it was committed */
    bool started;                  /* its row is there, unfinished, or steps of it are */
    struct ledger_entries entries; /* all that the ledger has, in the run's arena */
};

/* What was written, and what the ledger had under the lock before that: a repeatable migration has a row already. */
struct written {
    const struct ledger_record *record;
    const struct ledger_entries *before;
    bool has_steps; /* in several transactions: steps of it may be there, and no row */
};

/* Is it committed, by what the ledger has now? Where the framework writes our id into its rows (Prisma), that tells;
 * else a finished row of this key that was not there before. */
bool recovery_is_committed(const struct detection *detection, const struct written *written,
                           const struct ledger_entries *now);

/* Opens a new session on a server that takes writes, takes the locks, which the old backend holds as long as it lives,
 * and looks for what was written. The run has that session then, or none. The truth is worth a little more time than
 * the request had. False where it cannot be found out. */
bool recovery_find_out(struct run *run, const struct catalog *catalog, const struct written *written,
                       struct truth *truth);

#endif
