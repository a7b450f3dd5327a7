/*
 * The principal was found before the handler; here it is only told.
 */
#include "worker/service/service_trust.h"

#include "truss/trust/v1/trust.pb-c.h"
#include "worker/messages/messages.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Trust__V1__##Type, truss__trust__v1__##type)

static ProtobufCMessage *who_am_i(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct trust_context *const context = data;
    const struct principal *const principal = call->principal;
    Truss__Trust__V1__WhoAmIResponse *const reply = NEW(call->arena, WhoAmIResponse, who_am_iresponse);
    (void)input;
    reply->name = arena_strdup(call->arena, principal->name);
    reply->kind = message_string(principal_kind_name(principal->kind));
    reply->scopes = arena_array(call->arena, 16, sizeof *reply->scopes);
    for (unsigned scope = 1; scope < SCOPE_ALL; scope *= 2) {
        if ((principal->scopes & scope) != 0) {
            reply->scopes[reply->n_scopes++] = message_string(scope_word((enum scope)scope));
        }
    }
    reply->login = context->asks_login;
    reply->from = arena_strdup(call->arena, principal->from);
    return &reply->base;
}

/* In the order of the .proto. */
static const struct rpc_method methods[] = {
    {who_am_i, RPC_LANE_HEALTH, false, SCOPE_ANY},
};

struct rpc_service trust_service(struct trust_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__trust__v1__trust__descriptor,
        .methods = methods,
        .context = context,
    };
}
