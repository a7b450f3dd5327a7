/*
 * truss.migration.v1.MigrationService: in each handler worker/messages reads the message, src/migration does the work,
 * and worker/messages makes the reply. Only the choice of the framework is made here: the one in the request, else the
 * one in the worker's options.
 */
#include "worker/service/service.h"

#include "framework/core/search_time.h"
#include "migration/look/under_way.h"
#include "migration/run/mark.h"
#include "rpc/envelope.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "worker/confirm.h"
#include "worker/idempotency.h"
#include "worker/messages/look_messages.h"
#include "worker/messages/messages.h"
#include "worker/messages/status_messages.h"
#include "worker/operations/operations.h"
#include "worker/service/service_approval.h"
#include "worker/service/service_request.h"
#include "worker/service/service_run.h"

/* Makes the answer to GetStatus, packed as well; NULL with the request's status on failure. */
static ProtobufCMessage *make_status(const struct request *request, struct pg_session *session,
                                     const Truss__Migration__V1__GetStatusRequest *message, struct catalog *catalog,
                                     bool *is_lasting)
{
    const char *under_way;
    const struct failed_attempt **failures;
    struct half_done_list half_done;
    if (!catalog_read(request, session, catalog) || !failures_read(request, session, catalog, &failures) ||
        !half_done_read(request, session, catalog, &half_done) ||
        !under_way_read(request, session, catalog, &under_way)) {
        return NULL;
    }
    *is_lasting = under_way == NULL; /* a lock leaves without a trace */
    struct status problem = {.arena = request->arena};
    const struct target target = target_with(request, session, catalog->detection.framework);
    const bool unfit = !catalog_check_folder(catalog, &problem);
    const struct status_answer answer = {
        catalog,    &target,  unfit ? problem.message : NULL, failures, applied_by_read(request, session, catalog),
        &half_done, under_way};
    return (ProtobufCMessage *)status_reply(request->arena, &answer, message, request->status);
}

/* From memory, or made and remembered. It says the same to everybody who may ask. */
static ProtobufCMessage *get_status(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const service = context;
    const Truss__Migration__V1__GetStatusRequest *const message = (const Truss__Migration__V1__GetStatusRequest *)input;
    struct request request = service_request_for(service, call, message->framework);
    struct catalog catalog;
    request.actor = NULL;
    /* Also what is remembered is compared with the files. */
    struct pg_session *const session =
        project_answers(&request.site->project, call->deadline, call->status) ? request_connect(&request) : NULL;
    if (session == NULL) {
        return NULL;
    }
    struct recall recall = {.all = service->recollections, .call = call, .request = &request, .session = session};
    Truss__Migration__V1__GetStatusResponse *const known = arena_alloc(call->arena, sizeof *known);
    truss__migration__v1__get_status_response__init(known);
    ProtobufCMessage *reply = &known->base;
    bool is_lasting = true;
    if (!recall_begin(&recall)) {
        reply = make_status(&request, session, message, &catalog, &is_lasting);
        if (reply != NULL) {
            *call->status = (struct status){.arena = call->arena};
            call->packed = rpc_reply_pack(call->arena, reply, call->status);
        }
    }
    recall_end(&recall, reply == NULL || call->status->code != STATUS_OK || !is_lasting ? NULL : &catalog,
               call->packed);
    request_release(&request, session);
    return reply;
}

/* ---- the smaller ones ---- */

static ProtobufCMessage *preview(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__PreviewRequest *const message = (const Truss__Migration__V1__PreviewRequest *)input;
    const struct request request = service_request_for(context, call, message->framework);
    struct preview found;
    if (!preview_migration(&request, message->name, &found)) {
        return NULL;
    }
    Truss__Migration__V1__PreviewResponse *const reply = preview_message(call->arena, &found);
    reply->target = service_target(&request);
    return &reply->base;
}

static ProtobufCMessage *diff(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__DiffRequest *const message = (const Truss__Migration__V1__DiffRequest *)input;
    const struct request request = service_request_for(context, call, message->framework);
    struct past past;
    if (!past_of(&request, message->name, &past)) {
        return NULL;
    }
    Truss__Migration__V1__DiffResponse *const reply = diff_message(call->arena, &past);
    reply->target = service_target(&request);
    return &reply->base;
}

/* Adds the mark to the list of runs. */
static void tell_mark(const struct service_context *service, const struct request *request, struct operation_mark mark)
{
    mark.started_by = request->actor;
    operations_add_mark(service->operations, &mark);
}

static ProtobufCMessage *mark_applied_now(void *context, struct rpc_call *call, const ProtobufCMessage *input,
                                          struct pg_session *beside)
{
    (void)beside;
    const struct service_context *const service = context;
    const Truss__Migration__V1__MarkAppliedRequest *const message =
        (const Truss__Migration__V1__MarkAppliedRequest *)input;
    struct request request = service_request_for(context, call, message->framework);
    struct approval_asker asker;
    request.allow_other_database = message->allow_other_database;
    request.permission = approval_needed(&service->approval, call->principal->name, &asker);
    struct mark_told done;
    if (!confirm_check(request.site, message->confirm, call->status) ||
        !mark_applied(&request, message->migration, &done)) {
        return NULL;
    }
    tell_mark(service, &request,
              (struct operation_mark){
                  .kind = OPERATION_MARK_APPLIED, .migration = message->migration, .summary = done.message});
    Truss__Migration__V1__MarkAppliedResponse *const reply = mark_applied_message(call->arena, &done);
    reply->target = service_target(&request);
    return &reply->base;
}

static ProtobufCMessage *mark_rolled_back_now(void *context, struct rpc_call *call, const ProtobufCMessage *input,
                                              struct pg_session *beside)
{
    (void)beside;
    const struct service_context *const service = context;
    const Truss__Migration__V1__MarkRolledBackRequest *const message =
        (const Truss__Migration__V1__MarkRolledBackRequest *)input;
    struct request request = service_request_for(context, call, message->framework);
    struct approval_asker asker;
    request.allow_other_database = message->allow_other_database;
    request.permission = approval_needed(&service->approval, call->principal->name, &asker);
    struct mark_told done;
    if (!confirm_check(request.site, message->confirm, call->status) ||
        !mark_rolled_back(&request, message->migration, &done)) {
        return NULL;
    }
    tell_mark(service, &request,
              (struct operation_mark){
                  .kind = OPERATION_MARK_ROLLED_BACK, .migration = message->migration, .summary = done.message});
    Truss__Migration__V1__MarkRolledBackResponse *const reply = mark_rolled_back_message(call->arena, done.message);
    reply->target = service_target(&request);
    return &reply->base;
}

static ProtobufCMessage *baseline_now(void *context, struct rpc_call *call, const ProtobufCMessage *input,
                                      struct pg_session *beside)
{
    (void)beside;
    const struct service_context *const service = context;
    const Truss__Migration__V1__BaselineRequest *const message = (const Truss__Migration__V1__BaselineRequest *)input;
    struct request request = service_request_for(context, call, message->framework);
    struct approval_asker asker;
    request.allow_other_database = message->allow_other_database;
    request.permission = approval_needed(&service->approval, call->principal->name, &asker);
    const struct baseline_wish wish = {
        .names = (const char *const *)message->migrations,
        .name_count = message->n_migrations,
        .through = message->through,
        .all = message->all,
        .verify = message->verify,
        .dry_run = message->dry_run,
    };
    struct baseline_result result;
    const bool may = message->dry_run || confirm_check(request.site, message->confirm, call->status);
    if (!may || !baseline_record(&request, &wish, &result)) {
        return NULL;
    }
    if (result.ok && result.count > 0 && !message->dry_run) {
        tell_mark(service, &request, (struct operation_mark){.kind = OPERATION_BASELINE, .summary = result.message});
    }
    return &baseline_message(call->arena, &result, message->dry_run)->base;
}

static ProtobufCMessage *check(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__CheckRequest *const message = (const Truss__Migration__V1__CheckRequest *)input;
    const struct service_context *const service = context;
    struct request request = service_request_for(service, call, message->framework);
    struct approval_asker asker;
    request.permission = approval_needed(&service->approval, call->principal->name, &asker);
    struct check found;
    if (!check_run(&request, &found)) {
        return NULL;
    }
    return &check_message(call->arena, &found)->base;
}

static ProtobufCMessage *detect_schema(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__DetectSchemaRequest *const message =
        (const Truss__Migration__V1__DetectSchemaRequest *)input;
    const struct request request = service_request(context, call);
    struct schema_findings found;
    /* An empty script is refused even without a database. */
    const bool is_empty = text_trim(text_of(message->sql)).size == 0;
    struct pg_session *const session = is_empty ? NULL : request_connect(&request);
    const struct objects_place place = {call->arena, session, request.site->project.schema};
    const bool ok = (is_empty || session != NULL) && schema_detect(&place, text_of(message->sql), &found, call->status);
    request_release(&request, session);
    if (!ok) {
        return NULL;
    }
    Truss__Migration__V1__DetectSchemaResponse *const reply = findings_message(call->arena, &found);
    reply->target = service_target(&request);
    return &reply->base;
}

static ProtobufCMessage *create_now(void *context, struct rpc_call *call, const ProtobufCMessage *input,
                                    struct pg_session *beside)
{
    (void)beside;
    const Truss__Migration__V1__CreateRequest *const message = (const Truss__Migration__V1__CreateRequest *)input;
    const struct request request = service_request_for(context, call, message->framework);
    struct created created;
    if (!migration_create(&request, message->name, &created)) {
        return NULL;
    }
    Truss__Migration__V1__CreateResponse *const reply = created_message(call->arena, &created);
    reply->target = service_target(&request);
    return &reply->base;
}

/* Methods that write may have an idempotency key. */

static ProtobufCMessage *handle_mark_applied(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    static const struct idempotent kind = {mark_applied_now, &truss__migration__v1__mark_applied_response__descriptor};
    return idempotent(((const struct service_context *)context)->site, &kind, context, call, input);
}

static ProtobufCMessage *handle_mark_rolled_back(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    static const struct idempotent kind = {mark_rolled_back_now,
                                           &truss__migration__v1__mark_rolled_back_response__descriptor};
    return idempotent(((const struct service_context *)context)->site, &kind, context, call, input);
}

static ProtobufCMessage *handle_create(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    static const struct idempotent kind = {create_now, &truss__migration__v1__create_response__descriptor};
    return idempotent(((const struct service_context *)context)->site, &kind, context, call, input);
}

static ProtobufCMessage *handle_baseline(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    static const struct idempotent kind = {baseline_now, &truss__migration__v1__baseline_response__descriptor};
    return idempotent(((const struct service_context *)context)->site, &kind, context, call, input);
}

/* In the order of the .proto. */
static const struct rpc_method methods[] = {
    {get_status, RPC_LANE_READ, true, SCOPE_READ},
    {handle_run, RPC_LANE_RUN, false, SCOPE_RUN},
    {preview, RPC_LANE_READ, true, SCOPE_READ},
    {handle_mark_applied, RPC_LANE_RUN, false, SCOPE_MARK},
    {handle_mark_rolled_back, RPC_LANE_RUN, false, SCOPE_MARK},
    {check, RPC_LANE_READ, true, SCOPE_READ},
    {detect_schema, RPC_LANE_READ, true, SCOPE_READ},
    {handle_create, RPC_LANE_READ, false, SCOPE_RUN},
    {handle_plan, RPC_LANE_READ, true, SCOPE_PLAN},
    {handle_start_run, RPC_LANE_READ, false, SCOPE_RUN},
    {handle_get_operation, RPC_LANE_READ, true, SCOPE_READ},
    {handle_wait_operation, RPC_LANE_WAIT, false, SCOPE_READ},
    {handle_cancel_operation, RPC_LANE_CANCEL, false, SCOPE_RUN},
    {handle_list_operations, RPC_LANE_READ, true, SCOPE_READ},
    {handle_baseline, RPC_LANE_RUN, false, SCOPE_MARK},
    {diff, RPC_LANE_READ, true, SCOPE_READ},
    {handle_approve, RPC_LANE_READ, false, SCOPE_APPROVE},
    {handle_list_approvals, RPC_LANE_READ, true, SCOPE_READ},
    {handle_revoke_approval, RPC_LANE_READ, false, SCOPE_APPROVE},
};

struct rpc_service migration_service(struct service_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__migration__v1__migration_service__descriptor,
        .methods = methods,
        .context = context,
    };
}
