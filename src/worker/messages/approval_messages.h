/*
 * Approvals as messages.
 */
#ifndef WORKER_MESSAGES_APPROVAL_MESSAGES_H
#define WORKER_MESSAGES_APPROVAL_MESSAGES_H

#include "truss/migration/v1/migration.pb-c.h"
#include "trust/approvals.h"

/* Borrows the strings. */
Truss__Migration__V1__Approval *approval_message(struct arena *arena, const struct approval *approval);

#endif
