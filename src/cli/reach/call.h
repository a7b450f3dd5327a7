/*
 * The RPC calls of a command: a single one, or several over one channel.
 */
#ifndef CLI_REACH_CALL_H
#define CLI_REACH_CALL_H

#include "cli/cli.h"
#include "rpc/channel.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <protobuf-c/protobuf-c.h>

#define READ_SECONDS 30

#define MIGRATION &truss__migration__v1__migration_service__descriptor

/* --timeout, or else `seconds`, in milliseconds. */
uint32_t call_timeout(const struct cli *cli, unsigned seconds);

/* How calls are made. */
struct caller {
    struct rpc_channel *channel;
    struct rpc_call_options options;
    struct arena *arena;   /* for the reply */
    struct status *status; /* receives the error */
};

/* Calls a method of MIGRATION by name; returns the reply, in the caller's arena, or NULL with the status. */
const void *call_on(const struct caller *caller, const char *method, const ProtobufCMessage *request);

/* The same for any service. */
const void *call_service(const struct caller *caller, const ProtobufCServiceDescriptor *service, const char *method,
                         const ProtobufCMessage *request);

/* The same with the command's worker, timeout, key, arena and status. */
const void *call(struct cli *cli, const ProtobufCServiceDescriptor *service, const char *method,
                 const ProtobufCMessage *request, unsigned seconds);

/* --framework for a request; "" if it was not given. */
char *framework_of(const struct cli *cli);

/* --confirm for a request, or "". */
char *confirm_of(const struct cli *cli);

/* Prints the reply as JSON if --json was given; otherwise returns false. */
bool print_json(const struct cli *cli, const ProtobufCMessage *reply);

/* The same with camelCase names, for methods whose HTTP routes have them. */
bool print_json_camel(const struct cli *cli, const ProtobufCMessage *reply);

#endif
