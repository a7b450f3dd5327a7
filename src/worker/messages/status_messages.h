/*
 * The answer to GetStatus as a message.
 */
#ifndef WORKER_MESSAGES_STATUS_MESSAGES_H
#define WORKER_MESSAGES_STATUS_MESSAGES_H

#include "migration/look/applied_by.h"
#include "migration/look/failed_attempts.h"
#include "migration/look/target.h"
#include "truss/migration/v1/migration.pb-c.h"

/* What a GetStatusResponse is made of; all borrowed. */
struct status_answer {
    const struct catalog *catalog;
    const struct target *target;
    const char *problem;                          /* why nothing could run as it is: one more warning; NULL: nothing */
    const struct failed_attempt *const *failures; /* one for each migration, or NULL (failures_read) */
    const struct applied_by *const *applied_by;   /* the same (applied_by_read) */
};

/* The reply in the arena, which borrows the catalog's strings: the page that the request asks for. NULL and
 * INVALID_ARGUMENT where its page_token leads nowhere. */
Truss__Migration__V1__GetStatusResponse *status_reply(struct arena *arena, const struct status_answer *answer,
                                                      const Truss__Migration__V1__GetStatusRequest *asked,
                                                      struct status *status);

#endif
