/*
 * Stores which attempt failed last, and deletes it at the next success (look/failed_attempts.h).
 */
#ifndef MIGRATION_RECORD_LAST_FAILURE_H
#define MIGRATION_RECORD_LAST_FAILURE_H

#include "migration/look/failed_attempts.h"

/* Stores a failed attempt; creates the table first. The session must not be inside a transaction. If this fails
 * (missing rights, a lost connection) it returns false with the reason; the failure is then only in the run's answer
 * and events. */
bool failure_write(struct pg_session *session, const struct ledger *ledger, const char *migration,
                   const struct failed_attempt *failure, struct status *status);

/* These migrations have succeeded: deletes their failures. Does nothing if none were ever stored. The schema must have
 * been examined just before (own_tables_ensure). */
bool failures_forget(struct pg_session *session, const struct ledger *ledger, const char *const *migrations,
                     size_t count, struct status *status);

/* The same after a mark or a baseline, which is made already: an error is only logged. */
void failures_settle(struct arena *arena, struct pg_session *session, const struct ledger *ledger,
                     const char *const *migrations, size_t count);

#endif
