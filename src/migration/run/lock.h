/*
 * One run at a time for a database and ledger: takes our own advisory lock and the framework's, so that its CLI and we
 * exclude each other. They are session locks and taken by polling: a session that waits inside pg_advisory_lock holds a
 * snapshot, and CREATE INDEX CONCURRENTLY in the session that has the lock would wait for it for ever.
 */
#ifndef MIGRATION_RUN_LOCK_H
#define MIGRATION_RUN_LOCK_H

#include "migration/look/detect.h"
#include "migration/run/current.h"

/* Takes the locks on the run's session, waiting up to the site's lock_wait_ms or the deadline. They end with the
 * session. First ends a reading transaction that is open on it. ABORTED if another session holds them: the message says
 * which, and since when. FAILED_PRECONDITION if the connection goes through a pooler, which would lose them. */
bool lock_take(struct run *run, const struct detection *detection);

/* Takes only our own lock: the framework's tool, which is about to run, takes its own. */
bool lock_take_ours(struct run *run, const struct detection *detection);

/* Waits, as long as for a lock, until no session of a tool that an earlier run started is left in the database: the
 * tool is killed with its worker, but the server may continue its last statement. ABORTED if one remains. */
bool lock_wait_for_tool(struct run *run, const char *session_name);

/* Releases the framework's own lock for a while, so that a session that waits inside it can take it and go. Call it
 * only while the ledger's unfinished row keeps the framework's tool from running anything. Our own lock stays. */
bool lock_yield(struct run *run, const struct detection *detection);

/* Statements for the beginning of a transaction that hold the locks until its end, whatever its script releases
 * (pg_advisory_unlock_all), and fail if another session has one of them. In the run's arena. */
const char *lock_guard(struct run *run, const struct detection *detection);

/* If a transaction failed because of that, replaces the server's message. */
void lock_guard_explain(struct status *status);

/* Asks the server which advisory locks the session has. Takes again, as lock_take does, those that a script has
 * released; *lost: that was necessary, and another run may have worked meanwhile. lets_go: also releases locks that
 * scripts have taken and kept. */
bool lock_verify(struct run *run, const struct detection *detection, bool lets_go, bool *lost);

/* Takes the framework's lock again after lock_yield, as lock_take does. */
bool lock_retake(struct run *run, const struct detection *detection);

#endif
