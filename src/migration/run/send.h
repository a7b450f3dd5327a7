/*
 * Sending a piece of a migration, and telling what came of it in terms of the file.
 */
#ifndef MIGRATION_RUN_SEND_H
#define MIGRATION_RUN_SEND_H

#include "migration/failure.h"
#include "migration/record/transaction.h"
#include "migration/run/current.h"
#include "migration/run/ladder.h"

/* Sends it once, under the ladder's present rung where it has one. Where it fails the failure is described and an open
 * transaction is rolled back. */
bool query_send_once(struct run *run, struct query *query, const struct ladder *ladder, struct failure *failure);

/* Is it a DO or a CALL, which may commit a part of what it does? */
bool query_is_block(struct text statement);

/* Can it have committed something, although it failed? What fails ends its transaction, and a COMMIT that fails has not
 * committed: it must have had one before, or be a block that may have had one. */
bool query_may_have_committed(const struct query *query, const struct failure *failure);

/* Sends it as often as its ladder says; never again where it may have committed something. */
bool query_send(struct run *run, struct query *query, struct failure *failure);

/* Sends statements of ours that need no ladder, once; rolls back where they fail. */
bool query_write(struct run *run, const struct query *query, struct failure *failure);

/* The session as who we are, with the settings that its connection began with and our own search path: what is sent by
 * us behind scripts, or in front of what takes their settings up again. */
bool session_as_ourselves(struct pg_session *session, struct status *status);

/* Ends an open transaction without it; also where the request's own time is over. */
void run_roll_back(struct run *run);

#endif
