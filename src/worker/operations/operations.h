/*
 * Runs as operations: each has an id, a state and events, may be waited for and cancelled. Those that were started to
 * go on by themselves are written down in the database (truss.operations), where every worker finds them; the others
 * live in the memory of the worker that runs them, so that an ordinary run leaves nothing behind.
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

/* All is borrowed. telemetry is told of each run. */
struct operations *operations_new(const struct site *site, const struct telemetry *telemetry);

/* Wakes who waits; lets what runs end for up to grace_ms, then cancels it and waits up to cancel_ms. False where
 * something still runs: the process should exit without touching the rest. */
bool operations_stop(struct operations *operations, uint32_t grace_ms, uint32_t cancel_ms);
/* Does no run go on, in the foreground or behind? */
bool operations_are_idle(struct operations *operations);
void operations_free(struct operations *operations);

/* ---- the side of the run ---- */

/* A new one, RUNNING, for operation_end. NULL and UNAVAILABLE where the worker is stopping. The origin's operation is
 * filled in; what else it has is copied. */
struct operation *operation_begin(struct operations *operations, const struct story_origin *origin,
                                  struct status *status);

const char *operation_id(const struct operation *operation);

/* What its run must be given. Borrowed. */
const struct watch *operation_watch(struct operation *operation);

/* Writes it down: from now on every worker knows of it. */
bool operation_write_down(struct operation *operation, int64_t deadline, struct status *status);

bool operation_is_written_down(const struct operation *operation);

/* Runs a job on the threads for operations; false where there is no room. The job says when its turn has come. */
bool operation_run_later(struct operation *operation, struct lane_job *job);
void operation_turn_came(struct operation *operation);

/* It has ended so. The operation is not to be used again. */
void operation_end(struct operation *operation, const struct story_outcome *outcome);

/* What Operation.kind may be. */
#define OPERATION_RUN              "run"
#define OPERATION_MARK_APPLIED     "mark_applied"
#define OPERATION_MARK_ROLLED_BACK "mark_rolled_back"
#define OPERATION_BASELINE         "baseline"

/* What was marked, without a run. */
struct operation_mark {
    const char *kind;      /* one of those above */
    const char *migration; /* NULL: several */
    const char *summary;
    const char *started_by; /* as in Operation; not NULL */
};

/* An operation that has succeeded already, so that who looks at the runs sees it among them. It is written down where
 * runs are in this database; else this worker remembers it, for a while. Nothing fails where it cannot be. */
void operations_add_mark(struct operations *operations, const struct operation_mark *mark);

/* ---- the side of who asks; replies are made in the request's arena, NULL and NOT_FOUND where nobody knows the id ----
 */

Truss__Migration__V1__Operation *operations_get(struct operations *operations, const struct request *request,
                                                const char *id);

/* When a call with this deadline that may wait so long answers at the latest, in clock_ms. */
int64_t operations_wait_end(int64_t deadline, uint32_t wait_ms);

/* Events behind `after`, waiting up to wait_ms for the first of them. */
Truss__Migration__V1__WaitOperationResponse *operations_wait(struct operations *operations,
                                                             const struct request *request, const char *id,
                                                             uint32_t after, uint32_t wait_ms);

/* Asks it to end, and waits until it has, as long as the request's deadline allows. */
Truss__Migration__V1__Operation *operations_cancel(struct operations *operations, const struct request *request,
                                                   const char *id);

Truss__Migration__V1__ListOperationsResponse *operations_list(struct operations *operations,
                                                              const struct request *request, uint32_t limit);

#endif
