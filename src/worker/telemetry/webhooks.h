/*
 * Webhooks: reports a run's progress to URLs that the operator has configured, as CloudEvents, signed according to
 * Standard Webhooks. The run writes events into truss.webhook_events, and any worker sends them from there: a run waits
 * for its row, never for a receiver. Delivery is at least once; a receiver recognises a repetition by its webhook-id. A
 * row that waits from a run's beginning to its end reports the run as lost if its worker dies.
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

/* Starts the sending threads. Borrows its arguments; the pool is for these threads alone, because they may be busy for
 * long. NULL if there is no thread to be had. */
struct webhooks *webhooks_start(const struct site *site, const struct hook_list *hooks, struct pg_pool *pool);

/* Reads the file again: receivers in it get the events from now on, and those still waiting for their names. An invalid
 * file is logged and changes nothing. Call it on the thread that started them. */
void webhooks_renew(struct webhooks *webhooks, const char *path);

/* Stops soon; unsent events stay in the table. NULL is fine. */
void webhooks_stop(struct webhooks *webhooks);

/* Adds the metric families. NULL adds nothing. */
void webhooks_show(const struct webhooks *webhooks, struct metrics *metrics);

/* ---- used by the run ---- */

/* Begins a run. operation is borrowed until its end. Nothing is reported before RUN_EVENT_RUN_STARTED says that there
 * is something to run. */
struct hook_run *hook_run_begin(struct webhooks *webhooks, const char *operation);

void hook_run_event(struct hook_run *run, const struct run_event *event);

/* Ends the run and frees it. */
void hook_run_end(struct hook_run *run, const struct hook_outcome *outcome);

#endif
