/*
 * truss.trust.v1.Trust: as whom the worker has authenticated its caller.
 */
#ifndef WORKER_SERVICE_SERVICE_TRUST_H
#define WORKER_SERVICE_SERVICE_TRUST_H

#include "migration/look/detect.h"
#include "rpc/server.h"
#include "trust/login.h"

struct trust_context {
    const struct site *site;
    struct login *login; /* borrowed; NULL: no login is required */
    bool audits;         /* this worker writes an audit */
};

/* Borrows the context. */
struct rpc_service trust_service(struct trust_context *context);

#endif
