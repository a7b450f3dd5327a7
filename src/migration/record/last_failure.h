/*
 * Writing down which attempt failed last, and forgetting it with the next success (look/failed_attempts.h).
 */
#ifndef MIGRATION_RECORD_LAST_FAILURE_H
#define MIGRATION_RECORD_LAST_FAILURE_H

#include "migration/look/failed_attempts.h"

/* Writes it down, and makes the table first. The session must not be inside a transaction. Where that cannot be (a role
 * without rights, a lost connection) the failure is in the run's answer and events alone: false, with the reason. */
bool failure_write(struct pg_session *session, const struct ledger *ledger, const char *migration,
                   const struct failed_attempt *failure, struct status *status);

/* These have succeeded. Does nothing where nothing was ever written. */
bool failures_forget(struct pg_session *session, const struct ledger *ledger, const char *const *migrations,
                     size_t count, struct status *status);

#endif
