/*
 * truss.connection.v1.ConnectionService, as rpc/server.h takes it.
 */
#ifndef WORKER_SERVICE_SERVICE_CONNECTION_H
#define WORKER_SERVICE_SERVICE_CONNECTION_H

#include "migration/look/place.h"
#include "rpc/server.h"

struct connection_context {
    const struct site *site;
};

/* The context is borrowed. */
struct rpc_service connection_service(struct connection_context *context);

/* May the password be shown to him? Writes down that it was. Without tokens everybody has every right: then only who is
 * on this machine sees a secret. */
bool connection_may_reveal(const struct rpc_call *call);

#endif
