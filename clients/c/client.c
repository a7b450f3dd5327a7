/*
 * The public client over the channel of src/rpc: one call at a time, each with an arena of its own.
 */
#include "truss/client.h"

#include "rpc/channel.h"

#include <stdlib.h>

#define TIMEOUT_MS 30000

struct truss_client {
    ProtobufCService service; /* first, so that a service is its client */
    struct rpc_channel *channel;
    struct arena *arena; /* of the last call */
    uint32_t timeout_ms;
    struct truss_error error;
};

struct truss_client *truss_client_open(const char *url)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct rpc_channel *const channel = rpc_channel_open(url, &status);
    if (channel == NULL) {
        arena_free(arena);
        return NULL;
    }
    struct truss_client *client = memory_alloc(sizeof *client);
    client->channel = channel;
    client->arena = arena;
    client->timeout_ms = TIMEOUT_MS;
    client->error =
        (struct truss_error){.name = "OK", .message = "", .sqlstate = "", .detail = "", .hint = "", .reason = ""};
    return client;
}

void truss_client_close(struct truss_client *client)
{
    if (client != NULL) {
        rpc_channel_close(client->channel);
        arena_free(client->arena);
        free(client);
    }
}

void truss_client_set_timeout(struct truss_client *client, uint32_t timeout_ms)
{
    client->timeout_ms = timeout_ms;
}

static const char *or_empty(const char *string)
{
    return string == NULL ? "" : string;
}

/* What the generated functions call. */
static void invoke(ProtobufCService *service, unsigned method, const ProtobufCMessage *input, ProtobufCClosure closure,
                   void *data)
{
    struct truss_client *const client = (struct truss_client *)service;
    const struct rpc_call_options options = {.timeout_ms = client->timeout_ms};
    arena_free(client->arena);
    client->arena = arena_new(0);
    struct status status = {.arena = client->arena};
    const ProtobufCMessage *const reply =
        rpc_call_wait(client->channel, service->descriptor, method, input, &options, client->arena, &status);
    client->error = (struct truss_error){
        .code = (int)status.code,
        .name = status_code_name(status.code),
        .message = or_empty(status.message),
        .sqlstate = or_empty(status.sqlstate),
        .detail = or_empty(status.detail),
        .hint = or_empty(status.hint),
        .reason = or_empty(status.reason),
    };
    closure(reply, data);
}

ProtobufCService *truss_client_service(struct truss_client *client, const ProtobufCServiceDescriptor *descriptor)
{
    client->service = (ProtobufCService){.descriptor = descriptor, .invoke = invoke};
    return &client->service;
}

const struct truss_error *truss_client_error(const struct truss_client *client)
{
    return &client->error;
}
