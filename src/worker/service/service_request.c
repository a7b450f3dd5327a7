/*
 * The framework of a request is the one that the caller names, else the one in the worker's options.
 */
#include "worker/service/service_request.h"

#include "migration/plan/check/moment.h"
#include "rpc/envelope.h"
#include "worker/messages/look_messages.h"
#include "worker/messages/messages.h"
#include "worker/messages/plan_messages.h"

#include <stdlib.h>
#include <string.h>

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

Truss__Migration__V1__PlanResponse *service_plan(const struct request *request, struct pg_session *session,
                                                 const struct preparation *preparation,
                                                 const struct explanation *explanation)
{
    struct warnings failures = {.count = 0};
    const struct detection *const detection = &preparation->catalog.detection;
    const struct moment moment = {
        .request = request, .session = session, .detection = detection, .warnings = &failures};
    const struct target target = target_with(request, session, detection->framework);
    moment_failures(&moment, preparation, explanation);
    Truss__Migration__V1__PlanResponse *const reply = plan_message(request->arena, preparation, explanation, &failures);
    reply->target = message_target(request->arena, &target);
    return reply;
}

bool service_read_id(const char *text, int64_t *id)
{
    const size_t size = strlen(text);
    *id = strtoll(text, NULL, 10);
    return size > 0 && size <= 18 && strspn(text, "0123456789") == size;
}
