/*
 * The answer to GetStatus as a message.
 */
#ifndef WORKER_MESSAGES_STATUS_MESSAGES_H
#define WORKER_MESSAGES_STATUS_MESSAGES_H

#include "migration/look/failed_attempts.h"
#include "migration/look/target.h"
#include "truss/migration/v1/migration.pb-c.h"

/* A GetStatusResponse in the arena, which borrows the catalog's strings. problem: why nothing could run as it is, one
 * more warning; NULL where nothing speaks against it. failures: one for each migration, or NULL (failures_read). */
Truss__Migration__V1__GetStatusResponse *status_reply(struct arena *arena, const struct catalog *catalog,
                                                      const struct target *target, const char *problem,
                                                      const struct failed_attempt *const *failures);

#endif
