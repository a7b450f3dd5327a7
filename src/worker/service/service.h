/*
 * The services that a worker implements, for rpc/server.h.
 */
#ifndef WORKER_SERVICE_SERVICE_H
#define WORKER_SERVICE_SERVICE_H

#include "rpc/server.h"
#include "workbench/workbench.h"
#include "worker/service/service_request.h"

/* truss.migration.v1.MigrationService. Borrows the context. */
struct rpc_service migration_service(struct service_context *context);

struct health_context {
    const struct site *site;
    struct pg_pool *pool; /* a pool of its own; NULL without a usable connection URL */
    const struct workbench *workbench;
    const struct rpc_tally *tally; /* of the server's calls; NULL: not counted */
    const struct telemetry *telemetry;
    bool metrics_open;  /* metrics need no login */
    int64_t started_at; /* wall clock, microseconds */
};

/* truss.health.v1.Health. Borrows the context. */
struct rpc_service health_service(struct health_context *context);

#endif
