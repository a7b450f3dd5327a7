/*
 * Flushes to disk once instead of for each migration. A flush of the log takes longer than a small migration: 1 to 5 ms
 * on cloud disks, a network round trip with a synchronous standby. So migrations of a run that are one transaction each
 * commit with synchronous_commit off, all but the last. The log keeps their order: a crash of the server loses a tail
 * of them, each with its row, and when a commit is flushed all earlier ones are, too. Everything is flushed before the
 * run answers.
 *
 * A step outside a transaction, and what belongs to it, commits as usual.
 */
#ifndef MIGRATION_RUN_DURABLE_H
#define MIGRATION_RUN_DURABLE_H

#include "migration/run/executor.h"
#include "migration/run/recovery.h"

/* May the commit of the i-th prepared migration be flushed later? Never the last one's: it flushes all. */
bool durable_may_wait(const struct execution *execution, size_t i);

/* A migration was committed: late (not flushed yet), or as usual, which also flushes all earlier ones. written->record
 * is copied; written->before is borrowed for the life of the request. */
void durable_committed(struct run *run, const struct written *written, bool late);

/* After a lost connection, on the new session: removes from the result the commits that are not in `entries`, the
 * ledger as it is now. The server has crashed and lost late ones, or a standby was promoted that had not received
 * some. */
void durable_forget_lost(const struct execution *execution, const struct ledger_entries *entries);

/* It cannot be found out what became of the late commits: removes all of them from the result. Returns their number. */
size_t durable_forget_all(const struct execution *execution);

/* Has the server flush everything, on the run's session, as our own role and with the connection's settings. If the
 * server does not confirm that, the result says so. If a commit of a successful run turns out to be lost, or unknown,
 * that becomes the run's failure. */
void durable_make(const struct execution *execution);

#endif
