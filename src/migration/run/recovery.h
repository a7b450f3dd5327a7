/*
 * After a lost connection: was the transaction committed? The ledger tells.
 */
#ifndef MIGRATION_RUN_RECOVERY_H
#define MIGRATION_RUN_RECOVERY_H

#include "migration/look/catalog.h"
#include "migration/run/current.h"

/* What the database says about an attempt. */
struct truth {
    bool recorded;                 /* it was committed */
    bool started;                  /* its unfinished row exists, or steps of it do */
    struct ledger_entries entries; /* the whole ledger, in the run's arena */
    bool is_table_gone;            /* the server that answers has no tracking table; recorded and started are false */
};

/* What was written, and the ledger before that, read under the lock: a repeatable migration has older rows. */
struct written {
    const struct ledger_record *record;
    const struct ledger_entries *before;
    bool has_steps; /* it takes several transactions: there may be steps and no row */
};

/* Is it committed, according to the ledger `now`? If the framework's rows contain our id (Prisma), that tells; else a
 * finished row of this key that was not there before. */
bool recovery_is_committed(const struct detection *detection, const struct written *written,
                           const struct ledger_entries *now);

/* Opens a new session on a writable server, takes the locks (the old backend holds them as long as it lives) and looks
 * for what was written. The run has that session afterwards, or none. May take a little longer than the request's
 * deadline. Fails if the truth cannot be found out. */
bool recovery_find_out(struct run *run, const struct catalog *catalog, const struct written *written,
                       struct truth *truth);

#endif
