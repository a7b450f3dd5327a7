/*
 * Runs on the caller's thread or in the background, as an operation.
 */
#include "worker/service/service_run.h"

#include "base/log.h"
#include "migration/look/catalog.h"
#include "migration/plan/check/moment.h"
#include "migration/run/run.h"
#include "worker/confirm.h"
#include "worker/idempotency.h"
#include "worker/messages/messages.h"
#include "worker/messages/plan_messages.h"
#include "worker/messages/run_messages.h"
#include "worker/operations/operations.h"
#include "worker/service/service_approval.h"
#include "worker/service/service_request.h"
#include "worker/witness.h"

#include <stdlib.h>

/* The operation as a reply, with the target, which is the same for all of a worker's. */
static ProtobufCMessage *with_target(const struct request *request, Truss__Migration__V1__Operation *operation)
{
    if (operation == NULL) {
        return NULL;
    }
    operation->target = service_target(request);
    return &operation->base;
}

static struct operation *begin_operation(const struct service_context *context, const struct rpc_call *call,
                                         const char *actor, bool is_dry)
{
    const struct story_origin origin = {
        .started_by = actor,
        .request_id = rpc_request_metadata(call->request, "request-id"),
        .traceparent = rpc_request_metadata(call->request, "traceparent"),
        .is_dry = is_dry,
    };
    return operation_begin(context->operations, &origin, call->status);
}

/* ---- Run ---- */

/* The approver is in the answer, and so in the operation. */
static void say_approved(const struct request *request, Truss__Migration__V1__RunResponse *reply)
{
    const struct approval_asker *const asker = request->permission == NULL ? NULL : request->permission->data;
    if (asker != NULL && asker->approved_by[0] != '\0') {
        reply->_approved_by_case = TRUSS__MIGRATION__V1__RUN_RESPONSE___APPROVED_BY_APPROVED_BY;
        reply->approved_by = arena_strdup(request->arena, asker->approved_by);
    }
}

/* Was nothing run because it is not allowed? An unreachable database is no refusal. */
static bool is_refused(const struct status *error, const struct run_result *result,
                       const Truss__Migration__V1__RunResponse *reply)
{
    static const enum status_code trouble[] = {STATUS_CANCELLED, STATUS_UNKNOWN, STATUS_DEADLINE_EXCEEDED,
                                               STATUS_INTERNAL, STATUS_UNAVAILABLE};
    bool refused = !result->has_begun && (reply == NULL || !reply->ok);
    for (size_t i = 0; reply == NULL && i < sizeof trouble / sizeof trouble[0]; i++) {
        refused = refused && error->code != trouble[i];
    }
    return refused;
}

/* Runs, and ends the operation. detection: NULL if not detected yet. Returns the reply in the request's arena; NULL if
 * it could not start. */
static Truss__Migration__V1__RunResponse *run_operation(const struct request *request, struct operation *operation,
                                                        const Truss__Migration__V1__RunRequest *message,
                                                        const struct detection *detection)
{
    const struct run_options options = run_options_of(message);
    const struct run_task task = {
        .options = &options,
        .detection = detection,
        .watch = operation_watch(operation),
    };
    struct run_result result;
    Truss__Migration__V1__RunResponse *reply = NULL;
    if (run_migrations(request, &task, &result)) {
        const bool did_something = result.applied_count > 0 || result.failed_name != NULL;
        reply = run_message(request->arena, &result,
                            did_something ? arena_strdup(request->arena, operation_id(operation)) : NULL);
        say_approved(request, reply);
    }
    const struct story_outcome outcome = {
        .result = reply,
        .error = request->status,
        .cancelled = reply == NULL ? request->status->code == STATUS_CANCELLED : failure_is_cancelled(&result.failure),
        .refused = is_refused(request->status, &result, reply),
    };
    operation_end(operation, &outcome);
    return reply;
}

/* The deadline of a run with its own time limit. */
static int64_t deadline_of(const Truss__Migration__V1__RunRequest *message, int64_t otherwise)
{
    const int64_t deadline = deadline_in(message->timeout_ms);
    return deadline < otherwise ? deadline : otherwise;
}

static ProtobufCMessage *run_now(void *data, struct rpc_call *call, const ProtobufCMessage *input,
                                 struct pg_session *beside)
{
    const struct service_context *const context = data;
    const Truss__Migration__V1__RunRequest *const message = (const Truss__Migration__V1__RunRequest *)input;
    struct request request = service_request_for(context, call, message->framework);
    struct approval_asker asker;
    const bool may = message->dry_run || confirm_check(context->site, message->confirm, call->status);
    struct operation *const operation = may ? begin_operation(context, call, request.actor, message->dry_run) : NULL;
    if (operation == NULL) {
        return NULL;
    }
    request.deadline = deadline_of(message, request.deadline);
    request.allow_other_database = message->allow_other_database;
    request.beside = beside;
    request.permission = approval_needed(&context->approval, call->principal->name, &asker);
    Truss__Migration__V1__RunResponse *const reply = run_operation(&request, operation, message, NULL);
    return reply == NULL ? NULL : &reply->base;
}

ProtobufCMessage *handle_run(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    /* A dry run leaves no trace, not even of its key; it may be repeated. */
    if (((const Truss__Migration__V1__RunRequest *)input)->dry_run) {
        return run_now(data, call, input, NULL);
    }
    static const struct idempotent kind = {run_now, &truss__migration__v1__run_response__descriptor};
    return idempotent(context->site, &kind, data, call, input);
}

/* ---- StartRun ---- */

/* A background run; owns its memory. */
struct background {
    struct lane_job job; /* first, so that a job is its run */
    const struct site *site;
    struct operation *operation; /* NULL: not begun */
    struct arena *arena;
    const Truss__Migration__V1__RunRequest *message;
    const char *actor;
    struct detection detection; /* done once, by the call */
    const struct witness *witness;
    const struct audit_entry *witnessed; /* NULL: not audited */
    const char *log_context;             /* the call's, like the next */
    const char *request_id;
    struct approval_rule approval;
    struct approval_asker asker;
};

static struct request background_request(const struct background *background, int64_t deadline, struct status *status)
{
    const char *const framework = background->message->framework;
    return (struct request){
        .site = background->site,
        .framework = framework[0] != '\0' ? framework : background->site->framework,
        .request_id = background->request_id,
        .allow_other_database = background->message->allow_other_database,
        .arena = background->arena,
        .deadline = deadline,
        .status = status,
        .actor = background->actor,
    };
}

static void background_free(struct background *background)
{
    arena_free(background->arena);
    free(background);
}

static void run_in_background(struct lane_job *job)
{
    struct background *background = (struct background *)job;
    struct status status = {.arena = background->arena};
    const char *const id = arena_strdup(background->arena, operation_id(background->operation));
    struct request request = background_request(background, deadline_of(background->message, NO_DEADLINE), &status);
    request.operation = operation_is_written_down(background->operation) ? id : NULL;
    operation_turn_came(background->operation);
    log_set_context(background->log_context);
    request.permission = approval_needed(&background->approval, background->asker.who, &background->asker);
    const Truss__Migration__V1__RunResponse *const reply =
        run_operation(&request, background->operation, background->message, &background->detection);
    const struct witness_outcome outcome = {
        .reply = reply == NULL ? NULL : &reply->base, .status = &status, .operation = id};
    witness_end(background->witness, background->witnessed, &outcome);
    log_set_context(NULL);
    background_free(background);
}

/* NULL with the call's status if there is no memory for its message. */
static struct background *background_new(const struct service_context *context, const struct rpc_call *call)
{
    struct background *background = memory_alloc(sizeof *background);
    *background = (struct background){
        .job = {.run = run_in_background},
        .site = context->site,
        .arena = arena_new(0),
        .approval = context->approval,
    };
    background->asker.who = arena_strdup(background->arena, call->principal->name);
    background->message = (const Truss__Migration__V1__RunRequest *)rpc_unpack(
        background->arena, &truss__migration__v1__run_request__descriptor, call->request->payload, call->status);
    if (background->message == NULL) {
        background_free(background);
        return NULL;
    }
    background->actor = arena_strdup(background->arena, witness_actor(call->arena, call));
    return background;
}

static ProtobufCMessage *fail_start(struct background *background, const struct status *status)
{
    if (background->operation != NULL) {
        operation_end(background->operation, &(struct story_outcome){.error = status});
    }
    background_free(background);
    return NULL;
}

/* Would a run change anything? The detection is kept for the run. */
static bool will_change(struct background *background, const struct rpc_call *call, bool *changes)
{
    const struct request request = background_request(background, call->deadline, call->status);
    struct catalog catalog = {0};
    struct pg_session *const session = request_connect(&request);
    const bool ok = session != NULL && catalog_read(&request, session, &catalog);
    *changes = ok && !background->message->dry_run && catalog.counts[MIGRATION_PENDING] > 0;
    background->detection = catalog.detection;
    request_release(&request, session);
    return ok;
}

/* Copies what the run needs of the call, and queues it. If it returns true the run owns `background`. */
static bool run_behind(struct background *background, const struct service_context *context, struct rpc_call *call)
{
    background->witness = context->witness;
    background->log_context = arena_strdup(background->arena, log_context());
    background->request_id = arena_strdup(background->arena, rpc_request_metadata(call->request, "request-id"));
    background->witnessed = witness_keep(background->arena, call);
    if (operation_run_later(background->operation, &background->job)) {
        return true;
    }
    witness_drop(call);
    return status_fail(call->status, STATUS_RESOURCE_EXHAUSTED,
                       "The worker has too many runs in the background; try again later.");
}

/* The started run. If there is no memory for its progress, just that it runs: the client must not believe that it did
 * not start. */
static Truss__Migration__V1__Operation *begun_message(struct operations *operations, const struct request *request,
                                                      char *id)
{
    Truss__Migration__V1__Operation *message = operations_get(operations, request, id);
    if (message == NULL) {
        *request->status = (struct status){.arena = request->status->arena};
        message = MESSAGE_NEW(request->arena, Truss__Migration__V1__Operation, truss__migration__v1__operation);
        message->id = id;
        message->kind = message_string("run");
        message->state = TRUSS__MIGRATION__V1__OPERATION_STATE__OPERATION_STATE_RUNNING;
        message->started_at = message_time(request->arena, clock_wall_us());
    }
    return message;
}

static ProtobufCMessage *start_now(void *data, struct rpc_call *call, const ProtobufCMessage *input,
                                   struct pg_session *beside)
{
    (void)beside; /* the run outlives the call */
    const struct service_context *const context = data;
    const Truss__Migration__V1__RunRequest *const message = (const Truss__Migration__V1__RunRequest *)input;
    const struct run_options options = run_options_of(message);
    const struct request request = service_request_for(context, call, message->framework);
    struct run_settings settings;
    bool changes;
    const bool may = message->dry_run || confirm_check(context->site, message->confirm, call->status);
    if (!may || !prepare_settings(context->site, &options, &settings, call->status)) {
        return NULL;
    }
    struct background *const background = background_new(context, call);
    if (background == NULL) {
        return NULL;
    }
    if (!will_change(background, call, &changes)) {
        return fail_start(background, call->status);
    }
    background->operation = begin_operation(context, call, background->actor, message->dry_run);
    if (background->operation == NULL) {
        return fail_start(background, call->status);
    }
    char *const id = arena_strdup(call->arena, operation_id(background->operation));
    const struct target target = target_with(&request, NULL, background->detection.framework);
    /* A run that changes nothing is not stored: it leaves no trace. */
    if (changes && !operation_write_down(background->operation, call->deadline, call->status)) {
        return fail_start(background, call->status);
    }
    if (!run_behind(background, context, call)) {
        return fail_start(background, call->status);
    }
    Truss__Migration__V1__Operation *const reply = begun_message(context->operations, &request, id);
    reply->target = message_target(call->arena, &target);
    return &reply->base;
}

ProtobufCMessage *handle_start_run(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    if (((const Truss__Migration__V1__RunRequest *)input)->dry_run) {
        return start_now(data, call, input, NULL);
    }
    static const struct idempotent kind = {start_now, &truss__migration__v1__operation__descriptor};
    return idempotent(context->site, &kind, data, call, input);
}

/* ---- Plan ---- */

ProtobufCMessage *handle_plan(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__PlanRequest *const message = (const Truss__Migration__V1__PlanRequest *)input;
    const struct run_options options = plan_options_of(message);
    struct request request = service_request_for(data, call, message->framework);
    request.allow_other_database = message->allow_other_database;
    struct detection detection;
    struct preparation preparation;
    struct explanation explanation;
    ProtobufCMessage *reply = NULL;
    struct pg_session *const session = request_connect(&request);
    if (session != NULL && detect(&request, session, &detection) &&
        prepare(&request, session, &detection, &options, &preparation) &&
        explain(&request, session, &options, &preparation, &explanation)) {
        Truss__Migration__V1__PlanResponse *const plan = service_plan(&request, session, &preparation, &explanation);
        reply = approval_of_plan(data, session, &preparation, &plan->approval, call->status) ? &plan->base : NULL;
    }
    request_release(&request, session);
    return reply;
}

/* ---- operations ---- */

ProtobufCMessage *handle_get_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const struct request request = service_request(context, call);
    return with_target(&request, operations_get(context->operations, &request,
                                                ((const Truss__Migration__V1__GetOperationRequest *)input)->id));
}

ProtobufCMessage *handle_wait_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const Truss__Migration__V1__WaitOperationRequest *const message =
        (const Truss__Migration__V1__WaitOperationRequest *)input;
    const struct request request = service_request(context, call);
    Truss__Migration__V1__WaitOperationResponse *const reply =
        operations_wait(context->operations, &request, message->id, message->after_event, message->wait_ms);
    with_target(&request, reply == NULL ? NULL : reply->operation);
    return reply == NULL ? NULL : &reply->base;
}

ProtobufCMessage *handle_cancel_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const struct request request = service_request(context, call);
    return with_target(&request, operations_cancel(context->operations, &request,
                                                   ((const Truss__Migration__V1__CancelOperationRequest *)input)->id));
}

ProtobufCMessage *handle_list_operations(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const struct request request = service_request(context, call);
    Truss__Migration__V1__ListOperationsResponse *const reply = operations_list(
        context->operations, &request, ((const Truss__Migration__V1__ListOperationsRequest *)input)->limit);
    return reply == NULL ? NULL : &reply->base;
}
