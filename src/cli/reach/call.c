/*
 * Methods are named as in the .proto file, so that a command reads like the request that it makes.
 */
#include "cli/reach/call.h"

#include "cli/reach/reach.h"
#include "cli/reach/worker.h"
#include "rpc/json.h"

#include <stdio.h>

uint32_t call_timeout(const struct cli *cli, unsigned seconds)
{
    return cli->given.timeout != 0 ? cli->given.timeout : seconds * 1000;
}

const void *call_service(const struct caller *caller, const ProtobufCServiceDescriptor *service, const char *method,
                         const ProtobufCMessage *request)
{
    const ProtobufCMethodDescriptor *const found = protobuf_c_service_descriptor_get_method_by_name(service, method);
    const struct rpc_invocation invocation = {service, (unsigned)(found - service->methods), request, caller->options};
    return rpc_call_wait(caller->channel, &invocation, caller->arena, caller->status);
}

const void *call_on(const struct caller *caller, const char *method, const ProtobufCMessage *request)
{
    return call_service(caller, MIGRATION, method, request);
}

const void *call(struct cli *cli, const ProtobufCServiceDescriptor *service, const char *method,
                 const ProtobufCMessage *request, unsigned seconds)
{
    const struct caller caller = {
        .channel = worker_channel(cli),
        .options = {.timeout_ms = call_timeout(cli, seconds), .idempotency_key = cli->given.key},
        .arena = cli->arena,
        .status = cli->status,
    };
    const void *const reply = caller.channel == NULL ? NULL : call_service(&caller, service, method, request);
    if (reply == NULL && cli->status->code == STATUS_UNAVAILABLE && !rpc_channel_connected(caller.channel)) {
        reach_explain(cli);
    }
    return reply;
}

bool print_json(const struct cli *cli, const ProtobufCMessage *reply)
{
    if (!cli->given.json) {
        return false;
    }
    struct buffer json = {.arena = cli->arena};
    json_write(&json, reply, JSON_SNAKE);
    printf("%s\n", buffer_string(&json));
    return true;
}

char *confirm_of(const struct cli *cli)
{
    return arena_strdup(cli->arena, cli->given.confirm == NULL ? "" : cli->given.confirm);
}

char *framework_of(const struct cli *cli)
{
    return arena_strdup(cli->arena, cli->given.framework == NULL ? "" : cli->given.framework);
}
