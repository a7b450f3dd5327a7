/*
 * The services that a worker implements, for rpc/server.h.
 */
#ifndef WORKER_SERVICE_SERVICE_H
#define WORKER_SERVICE_SERVICE_H

#include "migration/look/place.h"
#include "rpc/server.h"
#include "workbench/workbench.h"
#include "worker/approvals.h"
#include "worker/operations/operations.h"
#include "worker/recall.h"

struct service_context {
    const struct site *site;
    struct operations *operations;
    const struct witness *witness;
    struct approval_rule approval;
    struct recollections *recollections; /* NULL: every answer is made anew */
};

/* Makes the request of a call. */
struct request service_request(const struct service_context *context, const struct rpc_call *call);

/* The same for a call that may name a framework ("": it does not). */
struct request service_request_for(const struct service_context *context, const struct rpc_call *call,
                                   const char *framework);

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

/* The database and project that an answer is about, as far as known without asking the server. */
Truss__Rpc__V1__Target *service_target(const struct request *request);

#endif
