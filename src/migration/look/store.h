/*
 * What Truss itself keeps in a database: the schema "truss" with the finished steps of migrations that take several
 * transactions, operations with their events, and idempotency keys. record/make.h makes it.
 */
#ifndef MIGRATION_LOOK_STORE_H
#define MIGRATION_LOOK_STORE_H

#include "base/status.h"
#include "pg/session.h"

#include <stdbool.h>

/* The table that is made last. */
#define STORE_LAST "{truss}.idempotency_keys"

/* Is it there? PERMISSION_DENIED where it is somebody's whom we do not trust. */
bool store_exists(struct pg_session *session, bool *exists, struct status *status);

#endif
