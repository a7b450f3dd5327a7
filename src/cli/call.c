/*
 * Methods are named as in the .proto: a command reads like what it asks for.
 */
#include "cli/call.h"

#include "base/options.h"
#include "rpc/json.h"

#include <stdio.h>

bool call_timeout(struct cli *cli, unsigned seconds, uint32_t *ms)
{
    *ms = seconds * 1000;
    return cli->timeout == NULL || option_seconds(cli->timeout, "timeout", false, ms, cli->status);
}

const void *call_on(struct rpc_channel *channel, const ProtobufCServiceDescriptor *service, const char *method,
                    const ProtobufCMessage *request, const struct rpc_call_options *options, struct arena *arena,
                    struct status *status)
{
    const ProtobufCMethodDescriptor *const found = protobuf_c_service_descriptor_get_method_by_name(service, method);
    return rpc_call_wait(channel, service, (unsigned)(found - service->methods), request, options, arena, status);
}

const void *call(struct cli *cli, const ProtobufCServiceDescriptor *service, const char *method,
                 const ProtobufCMessage *request, unsigned seconds)
{
    struct rpc_call_options options = {.idempotency_key = cli->key};
    struct rpc_channel *const channel =
        call_timeout(cli, seconds, &options.timeout_ms) ? rpc_channel_open(cli->worker, cli->status) : NULL;
    if (channel == NULL) {
        return NULL;
    }
    const void *const reply = call_on(channel, service, method, request, &options, cli->arena, cli->status);
    rpc_channel_close(channel);
    return reply;
}

bool print_json(const struct cli *cli, const ProtobufCMessage *reply)
{
    if (cli->json == NULL) {
        return false;
    }
    struct buffer json = {.arena = cli->arena};
    json_write(&json, reply, JSON_SNAKE);
    printf("%s\n", buffer_string(&json));
    return true;
}

char *framework_of(const struct cli *cli)
{
    return arena_strdup(cli->arena, cli->framework == NULL ? "" : cli->framework);
}
