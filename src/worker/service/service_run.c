/*
 * A run on the caller's thread or on one of its own, an operation around either.
 */
#include "worker/service/service_run.h"

#include "migration/plan/view.h"
#include "migration/run/run.h"
#include "worker/idempotency.h"
#include "worker/messages/plan_messages.h"
#include "worker/messages/run_messages.h"
#include "worker/operations/operations.h"
#include "worker/service/service.h"

#include <stdlib.h>

/* ---- Run ---- */

/* Runs, and ends the operation. The reply in work->arena; NULL where it could not begin. */
static Truss__Migration__V1__RunResponse *run_operation(struct work *work, struct operation *operation,
                                                        const Truss__Migration__V1__RunRequest *message)
{
    const struct run_request request = run_request_of(message);
    struct run_result result;
    Truss__Migration__V1__RunResponse *reply = NULL;
    const int64_t deadline = deadline_in(message->timeout_ms);
    work->deadline = deadline < work->deadline ? deadline : work->deadline;
    work->watch = operation_watch(operation);
    work->framework = message->framework[0] != '\0' ? message->framework : work->site->framework;
    if (run_migrations(work, &request, &result)) {
        const bool did_something = result.applied_count > 0 || result.failed_name != NULL;
        reply = run_message(work->arena, &result,
                            did_something ? arena_strdup(work->arena, operation_id(operation)) : NULL);
    }
    const bool cancelled = reply == NULL ? work->status->code == STATUS_CANCELLED : result.failure.cancelled;
    operation_end(operation, reply, work->status, cancelled);
    return reply;
}

static ProtobufCMessage *run_now(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    struct work work = service_work(context, call);
    struct operation *const operation = operation_begin(context->operations, call->status);
    if (operation == NULL) {
        return NULL;
    }
    Truss__Migration__V1__RunResponse *const reply =
        run_operation(&work, operation, (const Truss__Migration__V1__RunRequest *)input);
    return reply == NULL ? NULL : &reply->base;
}

ProtobufCMessage *handle_run(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    /* A try leaves no trace, not of its key either; it may be repeated as it is. */
    if (((const Truss__Migration__V1__RunRequest *)input)->dry_run) {
        return run_now(data, call, input);
    }
    return idempotent(context->site, data, call, input, &truss__migration__v1__run_response__descriptor, run_now);
}

/* ---- StartRun ---- */

/* A run that goes on when its call has been answered; owns its memory. */
struct background {
    struct lane_job job; /* first, so that a job is its run */
    const struct site *site;
    struct operation *operation;
    struct arena *arena;
    const Truss__Migration__V1__RunRequest *request;
};

static void run_in_background(struct lane_job *job)
{
    struct background *background = (struct background *)job;
    struct status status = {.arena = background->arena};
    struct work work = {
        .site = background->site,
        .arena = background->arena,
        .deadline = NO_DEADLINE,
        .status = &status,
    };
    run_operation(&work, background->operation, background->request);
    arena_free(background->arena);
    free(background);
}

static struct background *background_new(const struct service_context *context, const struct text payload)
{
    struct background *background = memory_alloc(sizeof *background);
    background->job.run = run_in_background;
    background->site = context->site;
    background->arena = arena_new(0);
    struct status status = {.arena = background->arena};
    /* The call unpacked the same bytes: they are good. */
    background->request = (const Truss__Migration__V1__RunRequest *)rpc_unpack(
        background->arena, &truss__migration__v1__run_request__descriptor, payload, &status);
    return background;
}

static ProtobufCMessage *fail_start(struct background *background, const struct status *status)
{
    operation_end(background->operation, NULL, status, false);
    arena_free(background->arena);
    free(background);
    return NULL;
}

/* Is there anything that a run would change? *changes is set. */
static bool will_change(struct work *work, const struct run_request *request, bool *changes)
{
    struct catalog catalog;
    const bool ok = work_connect(work) && catalog_read(work, &catalog);
    *changes = ok && !request->dry_run && catalog.counts[MIGRATION_PENDING] > 0;
    work_release(work);
    return ok;
}

static ProtobufCMessage *start_now(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const Truss__Migration__V1__RunRequest *const message = (const Truss__Migration__V1__RunRequest *)input;
    const struct run_request request = run_request_of(message);
    struct work work = service_work_for(context, call, message->framework);
    struct run_settings settings;
    bool changes;
    if (!prepare_settings(context->site, &request, &settings, call->status) ||
        !will_change(&work, &request, &changes)) {
        return NULL;
    }
    struct operation *const operation = operation_begin(context->operations, call->status);
    if (operation == NULL) {
        return NULL;
    }
    struct background *const background = background_new(context, call->request->payload);
    background->operation = operation;
    char *const id = arena_strdup(call->arena, operation_id(operation));
    /* What changes nothing is not written down: it leaves no trace. */
    if (changes && !operation_write_down(operation, call->deadline, call->status)) {
        return fail_start(background, call->status);
    }
    if (!operation_run_later(operation, &background->job)) {
        status_fail(call->status, STATUS_RESOURCE_EXHAUSTED,
                    "The worker has too many runs in the background; try again later.");
        return fail_start(background, call->status);
    }
    Truss__Migration__V1__Operation *const reply = operations_get(context->operations, &work, id);
    return reply == NULL ? NULL : &reply->base;
}

ProtobufCMessage *handle_start_run(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    if (((const Truss__Migration__V1__RunRequest *)input)->dry_run) {
        return start_now(data, call, input);
    }
    return idempotent(context->site, data, call, input, &truss__migration__v1__operation__descriptor, start_now);
}

/* ---- Plan ---- */

ProtobufCMessage *handle_plan(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__PlanRequest *const message = (const Truss__Migration__V1__PlanRequest *)input;
    const struct run_request request = plan_request_of(message);
    struct work work = service_work_for(data, call, message->framework);
    struct preparation preparation;
    struct explanation explanation;
    ProtobufCMessage *reply = NULL;
    if (work_connect(&work) && prepare(&work, &request, &preparation) &&
        explain(&work, &request, &preparation, &explanation)) {
        reply = &plan_message(call->arena, &preparation, &explanation)->base;
    }
    work_release(&work);
    return reply;
}

/* ---- operations ---- */

ProtobufCMessage *handle_get_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    struct work work = service_work(context, call);
    Truss__Migration__V1__Operation *const reply =
        operations_get(context->operations, &work, ((const Truss__Migration__V1__GetOperationRequest *)input)->id);
    return reply == NULL ? NULL : &reply->base;
}

ProtobufCMessage *handle_wait_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const Truss__Migration__V1__WaitOperationRequest *const request =
        (const Truss__Migration__V1__WaitOperationRequest *)input;
    struct work work = service_work(context, call);
    Truss__Migration__V1__WaitOperationResponse *const reply =
        operations_wait(context->operations, &work, request->id, request->after_event, request->wait_ms);
    return reply == NULL ? NULL : &reply->base;
}

ProtobufCMessage *handle_cancel_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    struct work work = service_work(context, call);
    Truss__Migration__V1__Operation *const reply = operations_cancel(
        context->operations, &work, ((const Truss__Migration__V1__CancelOperationRequest *)input)->id);
    return reply == NULL ? NULL : &reply->base;
}

ProtobufCMessage *handle_list_operations(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    struct work work = service_work(context, call);
    Truss__Migration__V1__ListOperationsResponse *const reply = operations_list(
        context->operations, &work, ((const Truss__Migration__V1__ListOperationsRequest *)input)->limit);
    return reply == NULL ? NULL : &reply->base;
}
