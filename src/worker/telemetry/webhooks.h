/*
 * Webhooks: what a run does is told to URLs that the operator has named, as CloudEvents, signed as Standard Webhooks
 * have it. What is to be told is written into truss.webhook_events by the run and sent from there, by whichever worker
 * takes it: a run waits for its row, and never for a receiver. At least once: a receiver knows a second one by its
 * webhook-id. A row that waits from a run's beginning to its end tells of a run whose worker was lost.
 */
#ifndef WORKER_TELEMETRY_WEBHOOKS_H
#define WORKER_TELEMETRY_WEBHOOKS_H

#include "migration/events.h"
#include "migration/look/place.h"
#include "rpc/metrics.h"
#include "worker/telemetry/outcome.h"

struct webhooks;
struct hook_run;
struct hook_list;

/* Starts the threads that send. All is borrowed. NULL where there is none to be had. */
struct webhooks *webhooks_start(const struct site *site, const struct hook_list *hooks);

/* Reads the file again: who is named now is told of what begins from now on, and gets what still waits for that name. A
 * file that is wrong changes nothing; the log says it. On the thread that has started them. */
void webhooks_renew(struct webhooks *webhooks, const char *path);

/* Ends within a moment; what was not sent is in the table. NULL is fine. */
void webhooks_stop(struct webhooks *webhooks);

/* Adds the families. NULL: nothing. */
void webhooks_show(const struct webhooks *webhooks, struct metrics *metrics);

/* ---- the side of the run ---- */

/* A run begins. operation is borrowed as long as it lasts. Nothing is told before its RUN_EVENT_RUN_STARTED says that
 * there is something to run. */
struct hook_run *hook_run_begin(struct webhooks *webhooks, const char *operation);

void hook_run_event(struct hook_run *run, const struct run_event *event);

/* It has ended; releases it. */
void hook_run_end(struct hook_run *run, const struct hook_outcome *outcome);

#endif
