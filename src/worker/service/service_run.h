/*
 * The handlers of MigrationService for plans, runs and operations.
 */
#ifndef WORKER_SERVICE_SERVICE_RUN_H
#define WORKER_SERVICE_SERVICE_RUN_H

#include "rpc/server.h"

ProtobufCMessage *handle_run(void *data, struct rpc_call *call, const ProtobufCMessage *input);
ProtobufCMessage *handle_start_run(void *data, struct rpc_call *call, const ProtobufCMessage *input);
ProtobufCMessage *handle_plan(void *data, struct rpc_call *call, const ProtobufCMessage *input);
ProtobufCMessage *handle_get_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input);
ProtobufCMessage *handle_wait_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input);
ProtobufCMessage *handle_cancel_operation(void *data, struct rpc_call *call, const ProtobufCMessage *input);
ProtobufCMessage *handle_list_operations(void *data, struct rpc_call *call, const ProtobufCMessage *input);

#endif
