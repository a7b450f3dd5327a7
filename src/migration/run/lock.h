/*
 * One run at a time for a database and ledger: our own advisory lock, and the framework's, so that its CLI and ours
 * exclude each other. Session locks, taken by polling: a session that waits inside pg_advisory_lock holds a snapshot,
 * and CREATE INDEX CONCURRENTLY of the one that has the lock waits for it, for ever.
 */
#ifndef MIGRATION_RUN_LOCK_H
#define MIGRATION_RUN_LOCK_H

#include "migration/look/detect.h"
#include "migration/run/current.h"

/* Takes all these locks on the run's session, waiting up to the site's lock_wait_ms or the deadline. They go with the
 * session. A reading transaction that is open on it ends in front of them. ABORTED where another one has them: the
 * message says who, and since when. FAILED_PRECONDITION where the connection goes through a pooler, which would lose
 * them. */
bool lock_take(struct run *run, const struct detection *detection);

/* Takes ours alone: the framework's own tool, which is to run meanwhile, takes its own. */
bool lock_take_ours(struct run *run, const struct detection *detection);

/* Waits, as long as for a lock, until no session is left in the database of a tool that an earlier run has started: one
 * whose worker was killed is ended, but the server may go on with its last statement. ABORTED where one stays. */
bool lock_wait_for_tool(struct run *run, const char *session_name);

/* Lets the framework's own lock go for a while, so that who waits inside it can have it and go: to be called only while
 * the ledger's unfinished row keeps the framework's own tool from running anything. Ours stays. */
bool lock_yield(struct run *run, const struct detection *detection);

/* Statements for the beginning of a transaction: they hold the locks to its end, whatever its script lets go
 * (pg_advisory_unlock_all), and fail where another session has one of them. In the run's arena. */
const char *lock_guard(struct run *run, const struct detection *detection);

/* Where a transaction failed by that: says so instead of what the server said. */
void lock_guard_explain(struct status *status);

/* Asks the server which advisory locks the session has. Takes again, as lock_take does, what a script has let go:
 * *lost, and another run may have worked meanwhile. Lets go what scripts have taken and kept, where `lets_go`. */
bool lock_verify(struct run *run, const struct detection *detection, bool lets_go, bool *lost);

/* Takes it again, as lock_take does. */
bool lock_retake(struct run *run, const struct detection *detection);

#endif
