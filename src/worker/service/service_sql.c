/*
 * truss.sql.v1.SqlService: each handler passes its message's fields to src/workbench and makes the reply.
 */
#include "worker/service/service_sql.h"

#include "base/digest.h"
#include "base/limits.h"
#include "base/shortage.h"
#include "pg/values.h"
#include "worker/messages/messages.h"
#include "worker/messages/sql_messages.h"

#include <string.h>

#define TABLE_ROOM 512 /* a table's size in the reply: two names, twice */

static bool is_wanted(const void *asker)
{
    return rpc_call_is_wanted(asker);
}

/* Clients choose the ids of their queries: a caller finds only its own. "" stays so. */
static const char *own_id(const struct rpc_call *call, const char *id)
{
    return id[0] == '\0'
               ? ""
               : sha256_hex_of(call->arena, text_of(arena_printf(call->arena, "%s\n%s", call->principal->name, id)));
}

static struct workbench_call call_of(const struct workbench *workbench, const struct rpc_call *call,
                                     const char *database, const char *query_id)
{
    return (struct workbench_call){
        .workbench = workbench,
        .arena = call->arena,
        .status = call->status,
        .deadline = call->deadline,
        .database = database,
        .query_id = own_id(call, query_id),
        .is_wanted = is_wanted,
        .asker = call,
    };
}

static bool check_id(const char *id, struct status *status)
{
    return strlen(id) <= LIMIT_REQUEST_ID ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "\"queryId\" has at most %d characters.", LIMIT_REQUEST_ID);
}

static ProtobufCMessage *query(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Sql__V1__QueryRequest *const message = (const Truss__Sql__V1__QueryRequest *)input;
    const struct workbench_call means = call_of(context, call, message->database, message->query_id);
    const bool as_lists = strcmp(message->row_mode, "array") == 0;
    const struct query_request request = {
        .sql = text_of(message->sql),
        .parameters = (const char *const *)message->params,
        .parameter_count = message->n_params,
        .as_lists = as_lists,
    };
    struct query_result result;
    if (!as_lists && message->row_mode[0] != '\0' && strcmp(message->row_mode, "object") != 0) {
        status_fail(call->status, STATUS_INVALID_ARGUMENT, "\"rowMode\" is object or array.");
        return NULL;
    }
    return check_id(message->query_id, call->status) && query_run(&means, &request, &result)
               ? &query_message(call->arena, &result, as_lists)->base
               : NULL;
}

static ProtobufCMessage *explain(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Sql__V1__ExplainRequest *const message = (const Truss__Sql__V1__ExplainRequest *)input;
    const struct workbench_call means = call_of(context, call, message->database, message->query_id);
    const struct explain_request request = {
        .sql = text_of(message->sql),
        .parameters = (const char *const *)message->params,
        .parameter_count = message->n_params,
        .analyze = message->analyze,
    };
    struct explain_result result;
    return check_id(message->query_id, call->status) && explain_run(&means, &request, &result)
               ? &explain_message(call->arena, &result)->base
               : NULL;
}

static ProtobufCMessage *export_first(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Sql__V1__ExportRequest *const message = (const Truss__Sql__V1__ExportRequest *)input;
    const struct workbench_call means = call_of(context, call, message->database, message->query_id);
    const struct export_request request = {
        .sql = text_of(message->sql),
        .format = message->format,
        .spreadsheet_safe = message->spreadsheet_safe,
    };
    struct export_piece piece;
    return check_id(message->query_id, call->status) && export_begin(&means, &request, &piece)
               ? &export_message(call->arena, &piece)->base
               : NULL;
}

static ProtobufCMessage *read_export(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Sql__V1__ReadExportRequest *const message = (const Truss__Sql__V1__ReadExportRequest *)input;
    const struct workbench_call means = call_of(context, call, "", "");
    struct export_piece piece;
    return export_next(&means, message->export_id, &piece) ? &export_message(call->arena, &piece)->base : NULL;
}

static ProtobufCMessage *cancel(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct workbench *const workbench = context;
    const Truss__Sql__V1__CancelRequest *const message = (const Truss__Sql__V1__CancelRequest *)input;
    Truss__Sql__V1__CancelResponse *const reply =
        MESSAGE_NEW(call->arena, Truss__Sql__V1__CancelResponse, truss__sql__v1__cancel_response);
    reply->cancelled = running_cancel(workbench->running, own_id(call, message->query_id), message->ahead);
    return &reply->base;
}

static ProtobufCMessage *list_tables(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Sql__V1__ListTablesRequest *const message = (const Truss__Sql__V1__ListTablesRequest *)input;
    const struct workbench_call means = call_of(context, call, message->database, "");
    struct workbench_target target;
    PG_RESULT(tables) = tables_list(&means, message->sizes, &target);
    if (tables == NULL || !room_for((size_t)PQntuples(tables) * TABLE_ROOM, call->status, "list", "the tables")) {
        return NULL;
    }
    return &tables_message(call->arena, tables, &target)->base;
}

static ProtobufCMessage *describe(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Sql__V1__DescribeRequest *const message = (const Truss__Sql__V1__DescribeRequest *)input;
    const struct workbench_call means = call_of(context, call, message->database, "");
    struct description description;
    ProtobufCMessage *reply = NULL;
    if (table_describe(&means, message->table, &description)) {
        reply = &describe_message(call->arena, &description)->base;
    }
    description_release(&description);
    return reply;
}

/* In the order of the .proto. Queries have a lane of their own, so that reading states does not wait for them. */
static const struct rpc_method methods[] = {
    {query, RPC_LANE_SQL, false, SCOPE_SQL},        {explain, RPC_LANE_SQL, false, SCOPE_SQL},
    {export_first, RPC_LANE_SQL, false, SCOPE_SQL}, {read_export, RPC_LANE_SQL, false, SCOPE_SQL},
    {cancel, RPC_LANE_CANCEL, false, SCOPE_SQL},    {list_tables, RPC_LANE_READ, true, SCOPE_SQL},
    {describe, RPC_LANE_READ, true, SCOPE_SQL},
};

struct rpc_service sql_service(struct workbench *workbench)
{
    return (struct rpc_service){
        .descriptor = &truss__sql__v1__sql_service__descriptor,
        .methods = methods,
        .context = workbench,
    };
}
