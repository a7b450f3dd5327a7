/*
 * What the handlers of MigrationService share: their context, and the request that a call makes.
 */
#ifndef WORKER_SERVICE_SERVICE_REQUEST_H
#define WORKER_SERVICE_SERVICE_REQUEST_H

#include "migration/look/place.h"
#include "rpc/server.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "truss/rpc/v1/rpc.pb-c.h"
#include "worker/approvals.h"
#include "worker/operations/operations.h"
#include "worker/recall.h"
#include "worker/witness.h"

struct preparation;
struct explanation;

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

/* The answer to Plan, in the request's arena, with the reasons for which a run would fail now. */
Truss__Migration__V1__PlanResponse *service_plan(const struct request *request, struct pg_session *session,
                                                 const struct preparation *preparation,
                                                 const struct explanation *explanation);

/* Reads the number of a branch or a backup, which a path contains as text. False if it is not one. */
bool service_read_id(const char *text, int64_t *id);

/* The database and project that an answer is about, as far as known without asking the server. */
Truss__Rpc__V1__Target *service_target(const struct request *request);

#endif
