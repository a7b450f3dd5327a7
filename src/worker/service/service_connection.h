/*
 * truss.connection.v1.ConnectionService.
 */
#ifndef WORKER_SERVICE_SERVICE_CONNECTION_H
#define WORKER_SERVICE_SERVICE_CONNECTION_H

#include "migration/look/place.h"
#include "rpc/server.h"

struct connection_context {
    const struct site *site;
};

/* Borrows the context. */
struct rpc_service connection_service(struct connection_context *context);

/* May the password be shown to the caller? Logs that it was shown. Without tokens everybody has every right, so then
 * only callers on this machine see a secret. */
bool connection_may_reveal(const struct rpc_call *call);

#endif
