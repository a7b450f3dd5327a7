/*
 * The framework of a request is the one that the caller names, else the one in the worker's options.
 */
#include "worker/service/service_request.h"

#include "rpc/envelope.h"
#include "worker/messages/look_messages.h"
#include "worker/messages/messages.h"

struct request service_request(const struct service_context *context, const struct rpc_call *call)
{
    return (struct request){
        .site = context->site,
        .framework = context->site->framework,
        .arena = call->arena,
        .deadline = call->deadline,
        .status = call->status,
        .request_id = rpc_request_metadata(call->request, "request-id"),
        .actor = witness_actor(call->arena, call),
    };
}

struct request service_request_for(const struct service_context *context, const struct rpc_call *call,
                                   const char *framework)
{
    struct request request = service_request(context, call);
    request.framework = framework[0] != '\0' ? framework : request.framework;
    return request;
}

Truss__Rpc__V1__Target *service_target(const struct request *request)
{
    const struct target target = target_of(request->arena, request->site, NULL);
    return message_target(request->arena, &target);
}
