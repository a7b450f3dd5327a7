/*
 * What a COMMIT would do and the next transaction would find, inside a transaction that goes on: so a dry run, which
 * commits nothing, neither passes over what only a COMMIT checks, nor takes for a failure what only its one transaction
 * causes.
 */
#ifndef MIGRATION_RUN_AS_COMMITTED_H
#define MIGRATION_RUN_AS_COMMITTED_H

#include "migration/failure.h"
#include "migration/run/current.h"

/* Call it after what would be committed: runs deferred checks and triggers, and puts constraints back to what they
 * initially are. Returns false and fills the failure if one of them fails. */
bool as_committed(struct run *run, struct failure *failure);

/* Call it before the next migration: drops what an earlier one has left in the session and a run would drop between two
 * (temporary tables, cursors, prepared statements). */
bool as_next_session(struct run *run, struct failure *failure);

#endif
