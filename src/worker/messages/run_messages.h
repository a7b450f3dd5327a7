/*
 * The request of a run as options; its events, results and failures as messages.
 */
#ifndef WORKER_MESSAGES_RUN_MESSAGES_H
#define WORKER_MESSAGES_RUN_MESSAGES_H

#include "migration/events.h"
#include "migration/plan/plan.h"
#include "migration/result.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Both borrow the message's strings. */
struct run_options run_options_of(const Truss__Migration__V1__RunRequest *message);
struct run_options plan_options_of(const Truss__Migration__V1__PlanRequest *message);

/* Borrows the event's strings. Texts are cut to MESSAGE_TEXT, here and in a result. */
Truss__Migration__V1__Event *event_message(struct arena *arena, const struct run_event *event);

/* "step_started" */
const char *event_word(enum run_event_kind kind);

/* Borrows the result's strings. operation_id may be NULL. */
Truss__Migration__V1__RunResponse *run_message(struct arena *arena, const struct run_result *result,
                                               const char *operation_id);

#endif
