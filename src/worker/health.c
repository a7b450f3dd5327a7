/*
 * truss.health.v1.Health: also answers while the database is down.
 */
#include "base/sandbox.h"
#include "base/words.h"
#include "migration/look/catalog.h"
#include "truss/health/v1/health.pb-c.h"
#include "worker/messages/messages.h"
#include "worker/metrics.h"
#include "worker/service/service.h"

#include "pg/activity.h"
#include "pg/query.h"
#include "pg/values.h"
#include "worker/descriptors.h"

#include <string.h>

#define CHECK_MS 2000

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Health__V1__##Type, truss__health__v1__##type)

/* Health has its own pool: the readers' sessions may all be busy. */
static struct pg_session *connect(const struct health_context *context, const struct rpc_call *call,
                                  struct status *status)
{
    const int64_t soon = deadline_in(CHECK_MS);
    return site_is_connected(context->site, status)
               ? pg_pool_take_pinned(context->pool, call->deadline < soon ? call->deadline : soon, status)
               : NULL;
}

/* One row, and the session's server; NULL with a status on failure. For PQclear. */
static PGresult *ask(const struct health_context *context, const struct rpc_call *call, const char *sql,
                     struct target *target, struct status *status)
{
    struct pg_session *const session = connect(context, call, status);
    PGresult *const result = session == NULL ? NULL : pg_query(session, sql, 0, NULL, status);
    *target = target_of(call->arena, context->site, session);
    pg_pool_give(context->pool, session);
    return result;
}

/* The answer to a probe, which needs no login: database and problem are only shown to callers with the scope read,
 * others get `outside`. reason NULL: ready. */
static ProtobufCMessage *answer(const struct health_context *context, const struct rpc_call *call,
                                const struct target *target, const char *reason, const char *outside)
{
    const bool may_read = (call->principal->scopes & SCOPE_READ) != 0;
    Truss__Health__V1__CheckResponse *const reply = NEW(call->arena, CheckResponse, check_response);
    reply->status = reason == NULL ? TRUSS__HEALTH__V1__CHECK_RESPONSE__SERVING_STATUS__SERVING_STATUS_SERVING
                                   : TRUSS__HEALTH__V1__CHECK_RESPONSE__SERVING_STATUS__SERVING_STATUS_NOT_SERVING;
    reply->reason = message_string(reason == NULL || may_read ? reason : outside);
    reply->version = message_string(TRUSS_VERSION);
    reply->started_at = message_time(call->arena, context->started_at);
    reply->target = may_read ? message_target(call->arena, target) : NULL;
    return &reply->base;
}

static ProtobufCMessage *check(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct health_context *const context = data;
    struct status status = {.arena = call->arena};
    struct target target;
    PG_RESULT(result) = ask(context, call, "SELECT 1", &target, &status);
    (void)input;
    return answer(context, call, &target, result == NULL ? status.message : NULL, "The database cannot be used now.");
}

/* ---- are all migrations applied? ---- */

/* Why not all migrations are applied; NULL: all are. A modified migration is not as it was written. */
static const char *unapplied(struct arena *arena, const struct catalog *catalog)
{
    struct status status = {.arena = arena};
    const struct catalog_item *const failed = catalog_failed(catalog);
    if (catalog->problem != NULL) {
        return catalog->problem;
    }
    if (catalog->detection.framework == NULL) {
        return "No migrations were found: whether all are applied cannot be known.";
    }
    if (!catalog_check_folder(catalog, &status)) {
        return status.message;
    }
    if (failed != NULL) {
        return arena_printf(arena, "Migration \"%s\" failed, and nobody has resolved that.", failed->name);
    }
    if (catalog->counts[MIGRATION_PENDING] > 0) {
        return arena_printf(arena, "%s pending.",
                            words_counted(arena, catalog->counts[MIGRATION_PENDING], "migration is", "migrations are"));
    }
    return catalog->counts[MIGRATION_MODIFIED] == 0
               ? NULL
               : arena_printf(arena, "%s changed in the folder since.",
                              words_counted(arena, catalog->counts[MIGRATION_MODIFIED], "applied migration was",
                                            "applied migrations were"));
}

static ProtobufCMessage *check_migrations(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct health_context *const context = data;
    struct status status = {.arena = call->arena};
    struct catalog catalog = {0};
    const struct request request = {
        .site = context->site,
        .framework = context->site->framework,
        .arena = call->arena,
        .deadline = call->deadline,
        .status = &status,
    };
    (void)input;
    struct pg_session *const session = request_connect(&request);
    const bool was_read = session != NULL && catalog_read(&request, session, &catalog);
    const struct target target = target_of(call->arena, context->site, session);
    request_release(&request, session);
    return answer(context, call, &target, was_read ? unapplied(call->arena, &catalog) : status.message,
                  was_read ? "Not all migrations are applied, or that cannot be known."
                           : "Whether all migrations are applied cannot be known now.");
}

static void put_warning(const struct health_context *context, struct arena *arena,
                        Truss__Health__V1__GetInfoResponse *reply)
{
    const char *const warning = context->workbench == NULL ? NULL : workbench_warning(context->workbench, arena);
    if (warning != NULL) {
        reply->n_warnings = 1;
        reply->warnings = arena_alloc(arena, sizeof *reply->warnings);
        reply->warnings[0] = message_string(warning);
    }
}

static Truss__Health__V1__Sandbox *sandbox_message(struct arena *arena)
{
    const struct sandbox_state *const state = sandbox_holds();
    Truss__Health__V1__Sandbox *const message = NEW(arena, Sandbox, sandbox);
    message->mode = message_string(state->mode);
    message->files = message_string(state->files);
    message->calls = message_string(state->calls);
    message->missing = message_string(state->missing);
    return message;
}

static ProtobufCMessage *get_info(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    static const char sql[] =
        "SELECT pg_catalog.current_database(), current_user, pg_catalog.current_setting('server_version'), "
        "(pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint, "
        "(SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datname = pg_catalog.current_database() "
        "AND " ACTIVITY_IS_CLIENT ")";
    const struct health_context *const context = data;
    struct target target;
    PG_RESULT(result) = ask(context, call, sql, &target, call->status);
    (void)input;
    if (result == NULL) {
        return NULL;
    }
    Truss__Health__V1__GetInfoResponse *const reply = NEW(call->arena, GetInfoResponse, get_info_response);
    reply->ok = true;
    reply->version = message_string(TRUSS_VERSION);
    reply->started_at = message_time(call->arena, context->started_at);
    reply->target = message_target(call->arena, &target);
    reply->connection = NEW(call->arena, Connection, connection);
    reply->connection->database_name = arena_strdup(call->arena, pg_field(result, 0, 0));
    reply->connection->db_user = arena_strdup(call->arena, pg_field(result, 0, 1));
    reply->connection->pg_version = arena_strdup(call->arena, pg_field(result, 0, 2));
    reply->connection->started_at = message_time(call->arena, pg_field_us(result, 0, 3));
    reply->connection->active_connections = (uint32_t)pg_field_int(result, 0, 4, 0);
    reply->sandbox = sandbox_message(call->arena);
    put_warning(context, call->arena, reply);
    return &reply->base;
}

static ProtobufCMessage *get_metrics(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    struct metrics metrics = {.arena = call->arena};
    (void)input;
    worker_metrics_show(data, &metrics);
    Truss__Health__V1__GetMetricsResponse *const reply = NEW(call->arena, GetMetricsResponse, get_metrics_response);
    reply->families = metrics.items;
    reply->n_families = metrics.count;
    return &reply->base;
}

static ProtobufCMessage *get_descriptors(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    (void)data;
    (void)input;
    Truss__Health__V1__GetDescriptorsResponse *const reply =
        NEW(call->arena, GetDescriptorsResponse, get_descriptors_response);
    reply->file_descriptor_set =
        (ProtobufCBinaryData){sizeof descriptors, arena_alloc(call->arena, sizeof descriptors)};
    memcpy(reply->file_descriptor_set.data, descriptors, sizeof descriptors);
    reply->version = message_string(TRUSS_VERSION);
    return &reply->base;
}

/* In the order of the .proto. */
#define METHODS(metrics_scope)                                                                                         \
    {                                                                                                                  \
        {check, RPC_LANE_HEALTH, true, SCOPE_OPEN}, {get_info, RPC_LANE_HEALTH, true, SCOPE_READ},                     \
            {check_migrations, RPC_LANE_READ, true, SCOPE_OPEN}, {get_metrics, RPC_LANE_HEALTH, true, metrics_scope},  \
            {get_descriptors, RPC_LANE_HEALTH, true, SCOPE_READ},                                                      \
    }

static const struct rpc_method methods[] = METHODS(SCOPE_READ);
static const struct rpc_method methods_with_open_metrics[] = METHODS(SCOPE_OPEN);

struct rpc_service health_service(struct health_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__health__v1__health__descriptor,
        .methods = context->metrics_open ? methods_with_open_metrics : methods,
        .context = context,
    };
}
