/*
 * The answer to GetStatus as a message.
 */
#ifndef WORKER_MESSAGES_STATUS_MESSAGES_H
#define WORKER_MESSAGES_STATUS_MESSAGES_H

#include "migration/look/applied_by.h"
#include "migration/look/failed_attempts.h"
#include "migration/look/half_done.h"
#include "migration/look/target.h"
#include "truss/migration/v1/migration.pb-c.h"

/* The parts of a GetStatusResponse; all borrowed. */
struct status_answer {
    const struct catalog *catalog;
    const struct target *target;
    const char *problem;                          /* why nothing could run now: added as a warning; NULL: no reason */
    const struct failed_attempt *const *failures; /* one for each migration, or NULL (failures_read) */
    const struct applied_by *const *applied_by;   /* one for each migration, or NULL (applied_by_read) */
    const struct half_done_list *half_done;
    const char *under_way; /* a run (under_way_read); NULL: none */
};

/* Makes the reply in the arena, with the requested page; it borrows the catalog's strings. Returns NULL with
 * INVALID_ARGUMENT for an invalid page_token. */
Truss__Migration__V1__GetStatusResponse *status_reply(struct arena *arena, const struct status_answer *answer,
                                                      const Truss__Migration__V1__GetStatusRequest *asked,
                                                      struct status *status);

#endif
