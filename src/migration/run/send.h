/*
 * Sends a piece of a migration, and reports its failure in terms of the file.
 */
#ifndef MIGRATION_RUN_SEND_H
#define MIGRATION_RUN_SEND_H

#include "migration/failure.h"
#include "migration/record/transaction.h"
#include "migration/run/current.h"
#include "migration/run/ladder.h"

/* Sends it once, with the ladder's current lock_timeout if it has a ladder. On failure it fills in the failure and
 * rolls back an open transaction. */
bool query_send_once(struct run *run, struct query *query, const struct ladder *ladder, struct failure *failure);

/* Is it a DO or a CALL, which may commit a part of its work? */
bool query_is_block(struct text statement);

/* May a query that failed have committed something? A failure rolls back its transaction, and a COMMIT that fails has
 * not committed: so there must have been an earlier COMMIT, or a block that may have had one. */
bool query_may_have_committed(const struct query *query, const struct failure *failure);

/* Sends it as often as its ladder allows; never again if it may have committed something. */
bool query_send(struct run *run, struct query *query, struct failure *failure);

/* Sends statements of ours that need no ladder, once; rolls back on failure. What a script has set as the client's
 * encoding is undone: names in them are UTF-8. */
bool query_write(struct run *run, const struct query *query, struct failure *failure);

/* Sets the session to our own role, the connection's settings and our own search path: for what we send after
 * scripts. */
bool session_as_ourselves(struct pg_session *session, struct status *status);

/* Ends an open transaction by ROLLBACK, also if the request's time is over. */
void run_roll_back(struct run *run);

#endif
