/*
 * What Truss itself keeps in a database: the schema "truss" with the finished steps of migrations that take several
 * transactions, operations with their events, and idempotency keys. record/make.h makes it.
 */
#ifndef MIGRATION_LOOK_STORE_H
#define MIGRATION_LOOK_STORE_H

#include "base/status.h"
#include "pg/session.h"

#include <stdbool.h>

/* Is it there? PERMISSION_DENIED where it is somebody's whom we do not trust. */
bool store_exists(struct pg_session *session, bool *exists, struct status *status);

/* The same, and whether its schema is. */
bool store_look(struct pg_session *session, bool *exists, bool *schema, struct status *status);

#endif
