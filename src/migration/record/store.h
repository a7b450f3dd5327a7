/*
 * What Truss itself keeps in a database: the schema "truss" with the finished steps of migrations that take several
 * transactions, operations with their events, and idempotency keys. Made when the first of these is to be written;
 * nothing is made in a database that is only read, nor by runs of ordinary migrations.
 */
#ifndef MIGRATION_RECORD_STORE_H
#define MIGRATION_RECORD_STORE_H

#include "base/status.h"
#include "pg/session.h"

/* Makes what is missing. Two that do so at once do it one after the other. PERMISSION_DENIED says what to grant. The
 * session must not be inside a transaction. */
bool store_ensure(struct pg_session *session, struct status *status);

/* Is it there? */
bool store_exists(struct pg_session *session, bool *exists, struct status *status);

#endif
