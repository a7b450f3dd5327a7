/*
 * A run's events, results and failures as messages.
 */
#ifndef WORKER_MESSAGES_RUN_MESSAGES_H
#define WORKER_MESSAGES_RUN_MESSAGES_H

#include "migration/run/run.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Borrows the event's strings. */
Truss__Migration__V1__Event *event_message(struct arena *arena, const struct run_event *event);

/* "step_started" */
const char *event_word(enum run_event_kind kind);

/* Borrows the result's strings. operation_id may be NULL. */
Truss__Migration__V1__RunResponse *run_message(struct arena *arena, const struct run_result *result,
                                               const char *operation_id);

/* An error as a message. */
Truss__Rpc__V1__Status *status_message(struct arena *arena, const struct status *status);

#endif
