/*
 * A run on the caller's thread or on one of its own, an operation around either.
 */
#include "worker/service/service_run.h"

#include "migration/plan/view.h"
#include "migration/run/run.h"
#include "worker/idempotency.h"
#include "worker/messages/messages.h"
#include "worker/messages/run_messages.h"
#include "worker/operations/operations.h"
#include "worker/service/service.h"

#include <stdlib.h>

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

/* ---- requests ---- */

static enum run_order order_of(bool is_set, bool allowed)
{
    return !is_set ? RUN_ORDER_OF_FRAMEWORK : allowed ? RUN_ORDER_ANY : RUN_ORDER_STRICT;
}

static struct run_request request_of(const Truss__Migration__V1__RunRequest *message)
{
    return (struct run_request){
        .names = (const char *const *)message->migrations,
        .name_count = message->n_migrations,
        .target = message->target,
        .dry_run = message->dry_run,
        .in_one_transaction = message->transaction == TRUSS__MIGRATION__V1__TRANSACTION_MODE__TRANSACTION_MODE_ALL,
        .order = order_of(message->_allow_out_of_order_case != 0, message->allow_out_of_order),
        .settings = {.lock_timeout_ms = message->lock_timeout_ms,
                     .lock_retry_ms = message->lock_retry_ms,
                     .statement_timeout_ms = message->statement_timeout_ms},
        .plan_hash = message->plan_hash,
        .ignore_history = message->ignore_history,
    };
}

/* ---- Run ---- */

/* Runs, and ends the operation. The reply in work->arena; NULL where it could not begin. */
static Truss__Migration__V1__RunResponse *run_operation(struct work *work, struct operation *operation,
                                                        const Truss__Migration__V1__RunRequest *message)
{
    const struct run_request request = request_of(message);
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
    const struct run_request request = request_of(message);
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

static const Truss__Migration__V1__StepKind step_kinds[] = {
    [STEP_TRANSACTION] = TRUSS__MIGRATION__V1__STEP_KIND__STEP_KIND_TRANSACTION,
    [STEP_ALONE] = TRUSS__MIGRATION__V1__STEP_KIND__STEP_KIND_ALONE,
    [STEP_OWN] = TRUSS__MIGRATION__V1__STEP_KIND__STEP_KIND_OWN,
};

static const Truss__Migration__V1__Work works[] = {
    [SQL_WORK_UNKNOWN] = TRUSS__MIGRATION__V1__WORK__WORK_UNSPECIFIED,
    [SQL_WORK_NONE] = TRUSS__MIGRATION__V1__WORK__WORK_NONE,
    [SQL_WORK_SCAN] = TRUSS__MIGRATION__V1__WORK__WORK_SCAN,
    [SQL_WORK_REWRITE] = TRUSS__MIGRATION__V1__WORK__WORK_REWRITE,
    [SQL_WORK_INDEX] = TRUSS__MIGRATION__V1__WORK__WORK_INDEX,
    [SQL_WORK_ROWS] = TRUSS__MIGRATION__V1__WORK__WORK_ROWS,
};

static Truss__Migration__V1__PlannedStatement *statement_message(struct arena *arena,
                                                                 const struct explained_statement *statement)
{
    Truss__Migration__V1__PlannedStatement *const message = NEW(arena, PlannedStatement, planned_statement);
    const struct sql_effects *const effects = &statement->effects;
    message->sql = message_string(statement->sql);
    message->start = (uint32_t)statement->start;
    message->end = (uint32_t)statement->end;
    message->line = statement->where.line;
    message->column = statement->where.column;
    message->work = works[effects->work];
    message->locks = arena_array(arena, effects->count, sizeof *message->locks);
    for (size_t i = 0; i < effects->count; i++) {
        Truss__Migration__V1__PlannedLock *const lock = NEW(arena, PlannedLock, planned_lock);
        lock->relation = message_string(effects->locks[i].relation);
        lock->mode = message_string(sql_lock_name(effects->locks[i].lock));
        lock->blocks_reads = sql_lock_blocks_reads(effects->locks[i].lock);
        lock->blocks_writes = sql_lock_blocks_writes(effects->locks[i].lock);
        message->locks[message->n_locks++] = lock;
    }
    if (effects->advice != NULL) {
        message->_advice_case = TRUSS__MIGRATION__V1__PLANNED_STATEMENT___ADVICE_ADVICE;
        message->advice = message_string(effects->advice);
    }
    return message;
}

static Truss__Migration__V1__PlannedStep *step_message(struct arena *arena, const struct explained_step *explained,
                                                       uint32_t number)
{
    Truss__Migration__V1__PlannedStep *const message = NEW(arena, PlannedStep, planned_step);
    const struct step *const step = explained->step;
    message->number = number;
    message->kind = step_kinds[step->kind];
    message->start = (uint32_t)step->start;
    message->end = (uint32_t)step->end;
    message->line = explained->where.line;
    message->column = explained->where.column;
    message->finished = explained->finished;
    message->retries_locks = step->stalls && (step->kind != STEP_OWN || step->commit_at != SIZE_MAX);
    message->statement_count = (uint32_t)explained->statement_count;
    if (step->reason != NULL) {
        message->_reason_case = TRUSS__MIGRATION__V1__PLANNED_STEP___REASON_REASON;
        message->reason = message_string(step->reason);
    }
    message->statements = arena_array(arena, explained->listed, sizeof *message->statements);
    for (size_t i = 0; i < explained->listed; i++) {
        message->statements[message->n_statements++] = statement_message(arena, &explained->statements[i]);
    }
    return message;
}

static Truss__Migration__V1__PlannedMigration *planned_message(struct arena *arena,
                                                               const struct explained_migration *explained)
{
    Truss__Migration__V1__PlannedMigration *const message = NEW(arena, PlannedMigration, planned_migration);
    const struct plan *const plan = &explained->prepared->plan;
    message->name = message_string(explained->prepared->item->name);
    message->one_transaction = plan->one_transaction || plan->count == 0;
    message->finished_steps = (uint32_t)explained->prepared->done;
    if (explained->checksum != NULL) {
        message->_hash_case = TRUSS__MIGRATION__V1__PLANNED_MIGRATION___HASH_HASH;
        message->hash = message_string(explained->checksum);
    }
    if (plan->note != NULL) {
        message->_note_case = TRUSS__MIGRATION__V1__PLANNED_MIGRATION___NOTE_NOTE;
        message->note = message_string(plan->note);
    }
    MESSAGE_SET_OPTIONAL(message, delegate, TRUSS__MIGRATION__V1__PLANNED_MIGRATION___DELEGATE_DELEGATE,
                         explained->delegate);
    message->steps = arena_array(arena, explained->delegate != NULL ? 0 : plan->count, sizeof *message->steps);
    for (size_t i = 0; explained->delegate == NULL && i < plan->count; i++) {
        message->steps[message->n_steps++] = step_message(arena, &explained->steps[i], (uint32_t)(i + 1));
    }
    return message;
}

static ProtobufCMessage *plan_message(struct arena *arena, const struct preparation *preparation,
                                      const struct explanation *explanation)
{
    Truss__Migration__V1__PlanResponse *const reply = NEW(arena, PlanResponse, plan_response);
    const struct detection *const detection = &preparation->catalog.detection;
    reply->plan_hash = message_string(preparation->hash);
    reply->transactions = explanation->transactions;
    reply->blocks_reads = explanation->blocks_reads;
    reply->blocks_writes = explanation->blocks_writes;
    reply->summary = message_string(explanation->summary);
    if (explanation->refusal != NULL) {
        reply->_refusal_case = TRUSS__MIGRATION__V1__PLAN_RESPONSE___REFUSAL_REFUSAL;
        reply->refusal = message_string(explanation->refusal);
    }
    reply->warnings = arena_array(arena, detection->warning_count, sizeof *reply->warnings);
    for (size_t i = 0; i < detection->warning_count; i++) {
        reply->warnings[reply->n_warnings++] = message_string(detection->warnings[i]);
    }
    reply->migrations = arena_array(arena, explanation->count, sizeof *reply->migrations);
    for (size_t i = 0; i < explanation->count; i++) {
        reply->migrations[reply->n_migrations++] = planned_message(arena, &explanation->migrations[i]);
    }
    return &reply->base;
}

ProtobufCMessage *handle_plan(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__PlanRequest *const message = (const Truss__Migration__V1__PlanRequest *)input;
    const struct run_request request = {
        .names = (const char *const *)message->migrations,
        .name_count = message->n_migrations,
        .target = message->target,
        .in_one_transaction = message->transaction == TRUSS__MIGRATION__V1__TRANSACTION_MODE__TRANSACTION_MODE_ALL,
        .order = order_of(message->_allow_out_of_order_case != 0, message->allow_out_of_order),
        .ignore_history = message->ignore_history,
    };
    struct work work = service_work_for(data, call, message->framework);
    struct preparation preparation;
    struct explanation explanation;
    ProtobufCMessage *reply = NULL;
    if (work_connect(&work) && prepare(&work, &request, &preparation) &&
        explain(&work, &request, &preparation, &explanation)) {
        reply = plan_message(call->arena, &preparation, &explanation);
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
