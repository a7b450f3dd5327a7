/*
 * Runs as operations: each has an id, a state and events, and can be waited for and cancelled. Background runs are
 * stored in the database (truss.operations), where every worker finds them; the others are only in the memory of the
 * worker that runs them, so that an ordinary run leaves nothing behind.
 */
#ifndef WORKER_OPERATIONS_OPERATIONS_H
#define WORKER_OPERATIONS_OPERATIONS_H

#include "migration/events.h"
#include "migration/look/place.h"
#include "rpc/lanes.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "worker/telemetry/story.h"

struct operations;
struct operation;

/* Makes the operations; borrows its arguments. telemetry is notified of each run. */
struct operations *operations_new(const struct site *site, const struct telemetry *telemetry);

/* Wakes all waiting calls, lets runs go on for up to grace_ms, then cancels them and waits up to cancel_ms. Returns
 * false if something is still running: the process should then exit without touching what it uses. */
bool operations_stop(struct operations *operations, uint32_t grace_ms, uint32_t cancel_ms);
/* Is no run going on, in the foreground or background? */
bool operations_are_idle(struct operations *operations);
void operations_free(struct operations *operations);

/* ---- used by the run ---- */

/* Begins an operation, RUNNING; end it with operation_end. NULL and UNAVAILABLE if the worker is stopping. Sets
 * origin->operation; the rest of the origin is copied. */
struct operation *operation_begin(struct operations *operations, const struct story_origin *origin,
                                  struct status *status);

const char *operation_id(const struct operation *operation);

/* The watch to give to the run. Borrowed. */
const struct watch *operation_watch(struct operation *operation);

/* Stores the operation in the database: from now on every worker knows it. */
bool operation_write_down(struct operation *operation, int64_t deadline, struct status *status);

bool operation_is_written_down(const struct operation *operation);

/* Queues a job on the threads for operations; false if there is no room. The job calls operation_turn_came when it
 * starts. */
bool operation_run_later(struct operation *operation, struct lane_job *job);
void operation_turn_came(struct operation *operation);

/* Ends the operation with this outcome. Do not use it afterwards. */
void operation_end(struct operation *operation, const struct story_outcome *outcome);

/* The values of Operation.kind. */
#define OPERATION_RUN              "run"
#define OPERATION_MARK_APPLIED     "mark_applied"
#define OPERATION_MARK_ROLLED_BACK "mark_rolled_back"
#define OPERATION_BASELINE         "baseline"

/* Migrations that were marked, without a run. */
struct operation_mark {
    const char *kind;      /* one of those above */
    const char *migration; /* NULL: several */
    const char *summary;
    const char *started_by; /* as in Operation; not NULL */
};

/* Adds an operation that has already succeeded, so that it is listed among the runs. It is stored in the database if
 * that has operations; otherwise this worker remembers it for a while. Errors are ignored. */
void operations_add_mark(struct operations *operations, const struct operation_mark *mark);

/* ---- used by calls; replies are made in the request's arena, NULL with NOT_FOUND if nobody knows the id ---- */

Truss__Migration__V1__Operation *operations_get(struct operations *operations, const struct request *request,
                                                const char *id);

/* The latest time (clock_ms) at which a call with this deadline answers if it may wait wait_ms. */
int64_t operations_wait_end(int64_t deadline, uint32_t wait_ms);

/* The events after `after`; waits up to wait_ms for the first of them. */
Truss__Migration__V1__WaitOperationResponse *operations_wait(struct operations *operations,
                                                             const struct request *request, const char *id,
                                                             uint32_t after, uint32_t wait_ms);

/* Cancels an operation and waits for its end, as long as the request's deadline allows. */
Truss__Migration__V1__Operation *operations_cancel(struct operations *operations, const struct request *request,
                                                   const char *id);

Truss__Migration__V1__ListOperationsResponse *operations_list(struct operations *operations,
                                                              const struct request *request, uint32_t limit);

#endif
