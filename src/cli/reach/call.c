/*
 * Methods are named as in the .proto file, so that a command reads like the request that it makes.
 */
#include "cli/reach/call.h"

#include "cli/reach/reach.h"
#include "cli/reach/worker.h"
#include "rpc/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Of a worker that nobody else knows: its address says nothing, what it was doing does. */
static void explain_late(struct cli *cli, const ProtobufCServiceDescriptor *service, unsigned timeout_ms)
{
    char full[PATH_MAX];
    const char *const project = realpath(cli->given.project, full) == NULL ? cli->given.project : full;
    status_fail(cli->status, STATUS_DEADLINE_EXCEEDED, "This command's own worker did not answer within %g s.",
                timeout_ms / 1000.0);
    if (service == MIGRATION) {
        cli->status->hint = arena_printf(
            cli->arena,
            "It searches the project %s and asks the database. If there is much in that folder, say where the "
            "migrations are (--migrations DIR), or name a smaller project (--project DIR); --timeout allows more time.",
            project);
    }
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
    } else if (reply == NULL && worker_is_private(cli) && cli->status->code == STATUS_DEADLINE_EXCEEDED &&
               strstr(cli->status->message, "ipc://") != NULL) {
        explain_late(cli, service, caller.options.timeout_ms);
    }
    return reply;
}

static bool print_as(const struct cli *cli, const ProtobufCMessage *reply, enum json_names names)
{
    struct buffer json = {.arena = cli->arena};
    if (cli->given.json) {
        json_write(&json, reply, names);
        printf("%s\n", buffer_string(&json));
    }
    return cli->given.json;
}

bool print_json(const struct cli *cli, const ProtobufCMessage *reply)
{
    return print_as(cli, reply, JSON_SNAKE);
}

bool print_json_camel(const struct cli *cli, const ProtobufCMessage *reply)
{
    return print_as(cli, reply, JSON_CAMEL);
}

char *confirm_of(const struct cli *cli)
{
    return arena_strdup(cli->arena, cli->given.confirm == NULL ? "" : cli->given.confirm);
}

char *framework_of(const struct cli *cli)
{
    return arena_strdup(cli->arena, cli->given.framework == NULL ? "" : cli->given.framework);
}
