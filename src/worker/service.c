/*
 * truss.migration.v1.MigrationService: each handler takes its message apart, lets src/migration do the work, and puts
 * the reply together. No decisions here.
 */
#include "worker/service.h"

#include "migration/check.h"
#include "migration/mark.h"
#include "migration/preview.h"
#include "migration/schema.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "worker/idempotency.h"
#include "worker/messages.h"
#include "worker/service_run.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

struct work service_work(const struct service_context *context, const struct rpc_call *call)
{
    return (struct work){
        .site = context->site,
        .arena = call->arena,
        .deadline = call->deadline,
        .status = call->status,
    };
}

/* ---- GetStatus ---- */

static const Truss__Migration__V1__State states[] = {
    [MIGRATION_APPLIED] = TRUSS__MIGRATION__V1__STATE__STATE_APPLIED,
    [MIGRATION_PENDING] = TRUSS__MIGRATION__V1__STATE__STATE_PENDING,
    [MIGRATION_MODIFIED] = TRUSS__MIGRATION__V1__STATE__STATE_MODIFIED,
    [MIGRATION_ORPHANED] = TRUSS__MIGRATION__V1__STATE__STATE_ORPHANED,
};

static const Truss__Migration__V1__DetailState details[] = {
    [DETAIL_NONE] = TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_UNSPECIFIED,
    [DETAIL_FAILED] = TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FAILED,
    [DETAIL_ROLLED_BACK] = TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_ROLLED_BACK,
    [DETAIL_OUT_OF_ORDER] = TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_OUT_OF_ORDER,
    [DETAIL_FILE_MISSING] = TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_FILE_MISSING,
    [DETAIL_BASELINE] = TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_BASELINE,
};

static Truss__Migration__V1__Attempt *attempt_message(struct arena *arena, const struct ledger_entry *entry)
{
    Truss__Migration__V1__Attempt *const attempt = NEW(arena, Attempt, attempt);
    attempt->id = message_string(entry->id);
    attempt->checksum = message_string(entry->checksum);
    attempt->started_at = message_time(arena, entry->started_at);
    attempt->finished_at = message_time(arena, entry->finished_at);
    attempt->rolled_back_at = message_time(arena, entry->rolled_back_at);
    attempt->applied_steps_count = entry->steps;
    MESSAGE_SET_OPTIONAL(attempt, logs, TRUSS__MIGRATION__V1__ATTEMPT___LOGS_LOGS, entry->logs);
    return attempt;
}

static void set_entry(struct arena *arena, Truss__Migration__V1__Migration *message, const struct ledger_entry *entry)
{
    MESSAGE_SET_OPTIONAL(message, stored_hash, TRUSS__MIGRATION__V1__MIGRATION___STORED_HASH_STORED_HASH,
                         entry->checksum);
    MESSAGE_SET_OPTIONAL(message, logs, TRUSS__MIGRATION__V1__MIGRATION___LOGS_LOGS, entry->logs);
    if (entry->state != ENTRY_APPLIED) {
        return;
    }
    if (entry->finished_at != NO_TIME) {
        message->_applied_at_case = TRUSS__MIGRATION__V1__MIGRATION___APPLIED_AT_APPLIED_AT;
        message->applied_at = message_time(arena, entry->finished_at);
    }
    if (entry->started_at != NO_TIME && entry->finished_at >= entry->started_at) {
        const int64_t ms = (entry->finished_at - entry->started_at) / 1000;
        message->_duration_ms_case = TRUSS__MIGRATION__V1__MIGRATION___DURATION_MS_DURATION_MS;
        message->duration_ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
    }
}

static Truss__Migration__V1__Migration *migration_message(struct arena *arena, const struct catalog_item *item)
{
    Truss__Migration__V1__Migration *const message = NEW(arena, Migration, migration);
    message->name = message_string(item->name);
    message->state = states[item->state];
    message->detail_state = details[item->detail];
    MESSAGE_SET_OPTIONAL(message, file_hash, TRUSS__MIGRATION__V1__MIGRATION___FILE_HASH_FILE_HASH, item->checksum);
    if (item->entry != NULL) {
        set_entry(arena, message, item->entry);
    }
    message->n_attempts = item->attempt_count;
    message->attempts = arena_array(arena, item->attempt_count, sizeof *message->attempts);
    for (size_t i = 0; i < item->attempt_count; i++) {
        message->attempts[i] = attempt_message(arena, &item->attempts[i]);
    }
    return message;
}

static void set_detection(struct arena *arena, Truss__Migration__V1__GetStatusResponse *reply,
                          const struct detection *detection)
{
    reply->n_detected_tables = detection->ledger_count;
    reply->detected_tables = arena_array(arena, detection->ledger_count, sizeof *reply->detected_tables);
    for (size_t i = 0; i < detection->ledger_count; i++) {
        const struct detected_ledger *const found = &detection->ledgers[i];
        Truss__Migration__V1__DetectedTable *const table = NEW(arena, DetectedTable, detected_table);
        table->schema = message_string(found->ledger.schema);
        table->table = message_string(found->ledger.table);
        table->framework = message_string(found->framework->display_name);
        reply->detected_tables[i] = table;
    }
    if (detection->framework != NULL) {
        MESSAGE_SET_OPTIONAL(reply, framework, TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___FRAMEWORK_FRAMEWORK,
                             detection->framework->display_name);
    }
    if (detection->has_ledger) {
        MESSAGE_SET_OPTIONAL(reply, tracking_table,
                             TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___TRACKING_TABLE_TRACKING_TABLE,
                             arena_printf(arena, "%s.%s", detection->ledger.schema, detection->ledger.table));
    }
    if (detection->has_folder) {
        MESSAGE_SET_OPTIONAL(reply, folder, TRUSS__MIGRATION__V1__GET_STATUS_RESPONSE___FOLDER_FOLDER,
                             detection->folder.path);
    }
}

static void set_warnings(struct work *work, Truss__Migration__V1__GetStatusResponse *reply,
                         const struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    struct status problem = {.arena = work->arena};
    const bool unfit = detection->has_folder &&
                       !detection->framework->check_folder(work->arena, &detection->folder, &catalog->files, &problem);
    reply->warnings = arena_array(work->arena, detection->warning_count + 1, sizeof *reply->warnings);
    for (size_t i = 0; i < detection->warning_count; i++) {
        reply->warnings[reply->n_warnings++] = message_string(detection->warnings[i]);
    }
    if (unfit) {
        reply->warnings[reply->n_warnings++] = message_string(problem.message);
    }
}

static ProtobufCMessage *status_reply(struct work *work, const struct catalog *catalog)
{
    struct arena *const arena = work->arena;
    Truss__Migration__V1__GetStatusResponse *const reply = NEW(arena, GetStatusResponse, get_status_response);
    reply->database = message_string(arena_strdup(arena, pg_session_database(work->session)));
    reply->n_migrations = catalog->count;
    reply->migrations = arena_array(arena, catalog->count, sizeof *reply->migrations);
    for (size_t i = 0; i < catalog->count; i++) {
        reply->migrations[i] = migration_message(arena, &catalog->items[i]);
    }
    reply->summary = NEW(arena, Summary, summary);
    reply->summary->applied = (uint32_t)catalog->counts[MIGRATION_APPLIED];
    reply->summary->pending = (uint32_t)catalog->counts[MIGRATION_PENDING];
    reply->summary->modified = (uint32_t)catalog->counts[MIGRATION_MODIFIED];
    reply->summary->orphaned = (uint32_t)catalog->counts[MIGRATION_ORPHANED];
    set_detection(arena, reply, &catalog->detection);
    set_warnings(work, reply, catalog);
    return &reply->base;
}

static ProtobufCMessage *get_status(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    struct work work = service_work(context, call);
    struct catalog catalog;
    ProtobufCMessage *reply = NULL;
    (void)input;
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
    struct work work = service_work(context, call);
    struct preview found;
    if (!preview_migration(&work, request->name, &found)) {
        return NULL;
    }
    Truss__Migration__V1__PreviewResponse *const reply = NEW(call->arena, PreviewResponse, preview_response);
    reply->filename = message_string(found.filename);
    reply->content = message_string(found.content.size == 0 ? "" : found.content.data);
    reply->lines = text_lines(found.content);
    return &reply->base;
}

static ProtobufCMessage *mark_applied_now(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Migration__V1__MarkAppliedRequest *const request =
        (const Truss__Migration__V1__MarkAppliedRequest *)input;
    struct work work = service_work(context, call);
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
    struct work work = service_work(context, call);
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
    struct work work = service_work(context, call);
    struct check found;
    (void)input;
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
    struct work work = service_work(context, call);
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
