/*
 * truss.health.v1.Health: answers while the database is down, and says so.
 */
#include "truss/health/v1/health.pb-c.h"
#include "worker/messages/messages.h"
#include "worker/service/service.h"

#define CHECK_MS 2000

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Health__V1__##Type, truss__health__v1__##type)

/* A session of health's own: those of the readers may all be waiting for something. */
static struct pg_session *connect(const struct health_context *context, const struct rpc_call *call,
                                  struct status *status)
{
    const int64_t soon = deadline_in(CHECK_MS);
    if (context->pool == NULL) {
        status_fail(status, context->site->conninfo_code, "%s", context->site->conninfo_error);
        return NULL;
    }
    return pg_pool_take_pinned(context->pool, call->deadline < soon ? call->deadline : soon, status);
}

/* One row, and who gave it; NULL and a status where it cannot be had. For PQclear. */
static PGresult *ask(const struct health_context *context, const struct rpc_call *call, const char *sql,
                     struct target *target, struct status *status)
{
    struct pg_session *const session = connect(context, call, status);
    PGresult *const result = session == NULL ? NULL : pg_query(session, sql, 0, NULL, status);
    *target = target_of(call->arena, context->site, session);
    pg_pool_give(context->pool, session);
    return result;
}

static ProtobufCMessage *check(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct health_context *const context = data;
    struct status status = {.arena = call->arena};
    struct target target;
    PG_RESULT(result) = ask(context, call, "SELECT 1", &target, &status);
    const bool ready = result != NULL;
    (void)input;
    Truss__Health__V1__CheckResponse *const reply = NEW(call->arena, CheckResponse, check_response);
    reply->status = ready ? TRUSS__HEALTH__V1__CHECK_RESPONSE__SERVING_STATUS__SERVING_STATUS_SERVING
                          : TRUSS__HEALTH__V1__CHECK_RESPONSE__SERVING_STATUS__SERVING_STATUS_NOT_SERVING;
    /* A probe needs no login; which database it is and what is wrong with it is told to who may read. */
    const bool may_read = (call->principal->scopes & SCOPE_READ) != 0;
    reply->reason = message_string(ready ? NULL : may_read ? status.message : "The database cannot be used now.");
    reply->version = message_string(TRUSS_VERSION);
    reply->started_at = message_time(call->arena, context->started_at);
    reply->target = may_read ? message_target(call->arena, &target) : NULL;
    return &reply->base;
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

static ProtobufCMessage *get_info(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    static const char sql[] =
        "SELECT pg_catalog.current_database(), current_user, pg_catalog.current_setting('server_version'), "
        "(pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint, "
        "(SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() "
        "AND backend_type = 'client backend')";
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
    put_warning(context, call->arena, reply);
    return &reply->base;
}

/* In the order of the .proto. */
static const struct rpc_method methods[] = {
    {check, RPC_LANE_HEALTH, true, SCOPE_OPEN},
    {get_info, RPC_LANE_HEALTH, true, SCOPE_READ},
};

struct rpc_service health_service(struct health_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__health__v1__health__descriptor,
        .methods = methods,
        .context = context,
    };
}
