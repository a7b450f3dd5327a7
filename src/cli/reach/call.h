/*
 * Calls of a command: one that is made and done with, or several over one channel.
 */
#ifndef CLI_REACH_CALL_H
#define CLI_REACH_CALL_H

#include "cli/cli.h"
#include "rpc/channel.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <protobuf-c/protobuf-c.h>

#define READ_SECONDS 30

#define MIGRATION &truss__migration__v1__migration_service__descriptor

/* What --timeout says, else so many seconds, as milliseconds. */
uint32_t call_timeout(const struct cli *cli, unsigned seconds);

/* Where a call goes, and what becomes of it. */
struct caller {
    struct rpc_channel *channel;
    struct rpc_call_options options;
    struct arena *arena;   /* of the reply */
    struct status *status; /* of a failure */
};

/* Calls a method of MIGRATION by its name; the reply in the caller's arena. NULL where it failed; status says why. */
const void *call_on(const struct caller *caller, const char *method, const ProtobufCMessage *request);

/* The same of any service. */
const void *call_service(const struct caller *caller, const ProtobufCServiceDescriptor *service, const char *method,
                         const ProtobufCMessage *request);

/* The same over a channel of its own, with the command's worker, time-out, key, arena and status. */
const void *call(struct cli *cli, const ProtobufCServiceDescriptor *service, const char *method,
                 const ProtobufCMessage *request, unsigned seconds);

/* --framework as a request has it; "" where it was not given. */
char *framework_of(const struct cli *cli);

/* --confirm, or "". */
char *confirm_of(const struct cli *cli);

/* Prints the reply as JSON where that was asked for; else false. */
bool print_json(const struct cli *cli, const ProtobufCMessage *reply);

#endif
