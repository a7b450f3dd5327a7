/*
 * The cancel may overtake its query: the worker remembers it for a while (workbench/running.h).
 */
#include "bridge/query.h"

#include "base/uuid.h"
#include "bridge/answer.h"
#include "truss/sql/v1/sql.pb-c.h"

char **query_id_of(const struct passage *passage)
{
    ProtobufCMessage *const input = (ProtobufCMessage *)(uintptr_t)passage->input;
    if (input->descriptor == &truss__sql__v1__query_request__descriptor) {
        return &((Truss__Sql__V1__QueryRequest *)input)->query_id;
    }
    return input->descriptor == &truss__sql__v1__explain_request__descriptor
               ? &((Truss__Sql__V1__ExplainRequest *)input)->query_id
               : NULL;
}

static void left(void *context)
{
    passage_cancel(context);
}

void query_begin(struct passage *passage, char **id, rpc_reply_fn *done)
{
    struct http_request *const request = passage->http;
    if ((*id)[0] == '\0') {
        *id = arena_alloc(request->arena, UUID_SIZE);
        uuid_v4(*id);
    }
    passage->query_id = *id;
    if (http_watch(request, left, passage)) {
        passage_call(passage, passage->rpc, passage->input, done);
        return;
    }
    struct status status = {.arena = request->arena};
    status_fail(&status, STATUS_CANCELLED, "The client has gone; the query was not begun.");
    answer_failure(passage, &status);
}
