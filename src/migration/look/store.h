/*
 * What Truss stores in a database: the schema "truss" with the finished steps of migrations that take several
 * transactions, operations with their events, and idempotency keys. record/make.h creates it.
 */
#ifndef MIGRATION_LOOK_STORE_H
#define MIGRATION_LOOK_STORE_H

#include "base/status.h"
#include "pg/session.h"

#include <stdbool.h>

/* The table that is created last. */
#define STORE_LAST "{truss}.idempotency_keys"

/* Does it exist? PERMISSION_DENIED if it belongs to an untrusted role. */
bool store_exists(struct pg_session *session, bool *exists, struct status *status);

#endif
