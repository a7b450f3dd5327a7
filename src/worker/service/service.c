/*
 * truss.migration.v1.MigrationService: each handler takes its message apart, lets src/migration do the work, and puts
 * the reply together. No decisions here.
 */
#include "worker/service/service.h"

#include "migration/record/mark.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "worker/idempotency.h"
#include "worker/messages/look_messages.h"
#include "worker/messages/status_messages.h"
#include "worker/service/service_run.h"

struct work service_work(const struct service_context *context, const struct rpc_call *call)
{
    return (struct work){
        .site = context->site,
        .framework = context->site->framework,
        .arena = call->arena,
        .deadline = call->deadline,
        .status = call->status,
    };
}

struct work service_work_for(const struct service_context *context, const struct rpc_call *call, const char *framework)
{
    struct work work = service_work(context, call);
    work.framework = framework[0] != '\0' ? framework : work.framework;
    return work;
}

static ProtobufCMessage *get_status(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__GetStatusRequest *const request = (const Truss__Migration__V1__GetStatusRequest *)input;
    struct work work = service_work_for(context, call, request->framework);
    struct catalog catalog;
    ProtobufCMessage *reply = NULL;
    if (work_connect(&work) && catalog_read(&work, &catalog)) {
        struct status problem = {.arena = call->arena};
        work.status = &problem;
        const bool unfit = catalog.detection.has_folder && !catalog_check_folder(&work, &catalog);
        reply = &status_reply(call->arena, &catalog, arena_strdup(call->arena, pg_session_database(work.session)),
                              unfit ? problem.message : NULL)
                     ->base;
    }
    work_release(&work);
    return reply;
}

/* ---- the smaller ones ---- */

static ProtobufCMessage *preview(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__PreviewRequest *const request = (const Truss__Migration__V1__PreviewRequest *)input;
    struct work work = service_work_for(context, call, request->framework);
    struct preview found;
    if (!preview_migration(&work, request->name, &found)) {
        return NULL;
    }
    return &preview_message(call->arena, &found)->base;
}

static ProtobufCMessage *mark_applied_now(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__MarkAppliedRequest *const request =
        (const Truss__Migration__V1__MarkAppliedRequest *)input;
    struct work work = service_work_for(context, call, request->framework);
    const char *message;
    if (!mark_applied(&work, request->migration, &message)) {
        return NULL;
    }
    return &mark_applied_message(call->arena, message)->base;
}

static ProtobufCMessage *mark_rolled_back_now(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__MarkRolledBackRequest *const request =
        (const Truss__Migration__V1__MarkRolledBackRequest *)input;
    struct work work = service_work_for(context, call, request->framework);
    const char *message;
    if (!mark_rolled_back(&work, request->migration, &message)) {
        return NULL;
    }
    return &mark_rolled_back_message(call->arena, message)->base;
}

static ProtobufCMessage *check(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__CheckRequest *const request = (const Truss__Migration__V1__CheckRequest *)input;
    struct work work = service_work_for(context, call, request->framework);
    struct check found;
    if (!check_run(&work, &found)) {
        return NULL;
    }
    return &check_message(call->arena, &found)->base;
}

static ProtobufCMessage *detect_schema(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__DetectSchemaRequest *const request =
        (const Truss__Migration__V1__DetectSchemaRequest *)input;
    struct work work = service_work(context, call);
    struct schema_findings found;
    /* What is no script is refused without a database, too. */
    const bool is_empty = text_trim(text_of(request->sql)).size == 0;
    const bool ok =
        (is_empty || work_connect(&work)) && schema_detect(call->arena, work.session, work.site->project.schema,
                                                           text_of(request->sql), &found, call->status);
    work_release(&work);
    if (!ok) {
        return NULL;
    }
    return &findings_message(call->arena, &found)->base;
}

static ProtobufCMessage *create_now(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__CreateRequest *const request = (const Truss__Migration__V1__CreateRequest *)input;
    struct work work = service_work_for(context, call, request->framework);
    struct created created;
    if (!create_migration(&work, request->name, &created)) {
        return NULL;
    }
    return &created_message(call->arena, &created)->base;
}

/* What writes may bear an idempotency key. */

static ProtobufCMessage *handle_mark_applied(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    return idempotent(((const struct service_context *)context)->site, context, call, input,
                      &truss__migration__v1__mark_applied_response__descriptor, mark_applied_now);
}

static ProtobufCMessage *handle_mark_rolled_back(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    return idempotent(((const struct service_context *)context)->site, context, call, input,
                      &truss__migration__v1__mark_rolled_back_response__descriptor, mark_rolled_back_now);
}

static ProtobufCMessage *handle_create(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    return idempotent(((const struct service_context *)context)->site, context, call, input,
                      &truss__migration__v1__create_response__descriptor, create_now);
}

/* In the order of the .proto. */
static const struct rpc_method methods[] = {
    {get_status, RPC_LANE_READ},
    {handle_run, RPC_LANE_RUN},
    {preview, RPC_LANE_READ},
    {handle_mark_applied, RPC_LANE_RUN},
    {handle_mark_rolled_back, RPC_LANE_RUN},
    {check, RPC_LANE_READ},
    {detect_schema, RPC_LANE_READ},
    {handle_create, RPC_LANE_READ},
    {handle_plan, RPC_LANE_READ},
    {handle_start_run, RPC_LANE_READ},
    {handle_get_operation, RPC_LANE_READ},
    {handle_wait_operation, RPC_LANE_WAIT},
    {handle_cancel_operation, RPC_LANE_WAIT},
    {handle_list_operations, RPC_LANE_READ},
};

struct rpc_service migration_service(struct service_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__migration__v1__migration_service__descriptor,
        .methods = methods,
        .context = context,
    };
}
