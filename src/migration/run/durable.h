/*
 * Durability once, order always. A flush of the log costs more than a small migration does: 1 to 5 ms on the disks of
 * clouds, a round trip where a synchronous standby has to confirm it. So the migrations of a run that are one
 * transaction each commit with synchronous_commit off, all but the last. The log keeps their order: what a crash of the
 * server takes is a tail of them, each with its row, and a commit that is flushed has all before it flushed. Before the
 * run answers, all are.
 *
 * A step that stands outside of a transaction, and what goes with it, commits as ever.
 */
#ifndef MIGRATION_RUN_DURABLE_H
#define MIGRATION_RUN_DURABLE_H

#include "migration/run/executor.h"
#include "migration/run/recovery.h"

/* May this migration's commit wait, the i-th of those prepared? The last one's never: it brings all to disk. */
bool durable_may_wait(const struct execution *execution, size_t i);

/* A migration is committed: late, or as ever, and then with it all before are on disk. The record is copied; what was
 * there before is borrowed, as long as the request lives. */
void durable_committed(struct run *run, const struct written *written, bool late);

/* On a new session, after a lost connection, with what the ledger has now: takes those out of the result that are not
 * in it. The server has crashed, and they went with the tail. */
void durable_forget_lost(const struct execution *execution, const struct ledger_entries *entries);

/* What became of the late ones cannot be found out: takes all of them out of the result. Returns how many there were.
 */
size_t durable_forget_all(const struct execution *execution);

/* Has the server bring to disk what it has not yet, on the run's session, as who we are and with the settings that the
 * connection began with. Where it does not confirm that, the result says so. Of a run that went well, one whose commit
 * is gone by then, or not known, is its failure. */
void durable_make(const struct execution *execution);

#endif
