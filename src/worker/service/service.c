/*
 * truss.migration.v1.MigrationService: each handler takes its message apart, lets src/migration do the work, and puts
 * the reply together. No decisions here.
 */
#include "worker/service/service.h"

#include "migration/look/check.h"
#include "migration/look/schema.h"
#include "migration/plan/preview.h"
#include "migration/record/mark.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "worker/idempotency.h"
#include "worker/messages/messages.h"
#include "worker/service/service_run.h"
#include "worker/service/service_status.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

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
        reply = status_reply(&work, &catalog);
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
    Truss__Migration__V1__PreviewResponse *const reply = NEW(call->arena, PreviewResponse, preview_response);
    reply->filename = message_string(found.filename);
    reply->content = message_string(found.content.size == 0 ? "" : found.content.data);
    reply->lines = text_lines(found.content);
    if (found.sql.size > 0) {
        reply->_sql_case = TRUSS__MIGRATION__V1__PREVIEW_RESPONSE___SQL_SQL;
        reply->sql = arena_strndup(call->arena, found.sql.data, found.sql.size);
    }
    MESSAGE_SET_OPTIONAL(reply, note, TRUSS__MIGRATION__V1__PREVIEW_RESPONSE___NOTE_NOTE, found.note);
    return &reply->base;
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
    Truss__Migration__V1__MarkAppliedResponse *const reply =
        NEW(call->arena, MarkAppliedResponse, mark_applied_response);
    reply->ok = true;
    reply->message = message_string(message);
    return &reply->base;
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
    Truss__Migration__V1__MarkRolledBackResponse *const reply =
        NEW(call->arena, MarkRolledBackResponse, mark_rolled_back_response);
    reply->ok = true;
    reply->message = message_string(message);
    return &reply->base;
}

static ProtobufCMessage *check(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__CheckRequest *const request = (const Truss__Migration__V1__CheckRequest *)input;
    struct work work = service_work_for(context, call, request->framework);
    struct check found;
    if (!check_run(&work, &found)) {
        return NULL;
    }
    Truss__Migration__V1__CheckResponse *const reply = NEW(call->arena, CheckResponse, check_response);
    reply->database = message_string(found.database);
    reply->user = message_string(found.user);
    reply->pending_count = (uint32_t)found.pending_count;
    reply->n_pending_files = found.pending_count;
    reply->pending_files = arena_array(call->arena, found.pending_count, sizeof *reply->pending_files);
    for (size_t i = 0; i < found.pending_count; i++) {
        reply->pending_files[i] = message_string(found.pending[i]->name);
    }
    reply->lock_count = found.lock_count;
    reply->active_tx_count = found.active_count;
    reply->n_warnings = found.warning_count;
    reply->warnings = arena_array(call->arena, found.warning_count, sizeof *reply->warnings);
    for (size_t i = 0; i < found.warning_count; i++) {
        reply->warnings[i] = message_string(found.warnings[i]);
    }
    reply->safe = found.warning_count == 0;
    return &reply->base;
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
    Truss__Migration__V1__DetectSchemaResponse *const reply =
        NEW(call->arena, DetectSchemaResponse, detect_schema_response);
    reply->n_findings = found.count;
    reply->findings = arena_array(call->arena, found.count, sizeof *reply->findings);
    for (size_t i = 0; i < found.count; i++) {
        Truss__Migration__V1__Finding *const finding = NEW(call->arena, Finding, finding);
        finding->type = message_string(found.items[i].type);
        finding->name = message_string(found.items[i].name);
        finding->exists = found.items[i].exists;
        reply->findings[i] = finding;
    }
    reply->all_objects_exist = found.all_exist;
    reply->some_objects_exist = found.some_exist;
    reply->recommendation = message_string(found.recommendation);
    return &reply->base;
}

static ProtobufCMessage *create_now(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__CreateRequest *const request = (const Truss__Migration__V1__CreateRequest *)input;
    struct work work = service_work_for(context, call, request->framework);
    struct created created;
    if (!create_migration(&work, request->name, &created)) {
        return NULL;
    }
    Truss__Migration__V1__CreateResponse *const reply = NEW(call->arena, CreateResponse, create_response);
    reply->ok = true;
    reply->name = message_string(created.name);
    reply->file = message_string(created.file);
    reply->summary = arena_printf(call->arena, "Created %s.", created.file);
    return &reply->base;
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
