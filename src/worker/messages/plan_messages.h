/*
 * The answer to Plan as a message.
 */
#ifndef WORKER_MESSAGES_PLAN_MESSAGES_H
#define WORKER_MESSAGES_PLAN_MESSAGES_H

#include "migration/plan/check/moment.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Makes a PlanResponse in the arena, which borrows all strings; `failures` come from moment_failures(). */
Truss__Migration__V1__PlanResponse *plan_message(struct arena *arena, const struct preparation *preparation,
                                                 const struct explanation *explanation,
                                                 const struct warnings *failures);

#endif
