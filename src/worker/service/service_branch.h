/*
 * truss.branch.v1.BranchService, as rpc/server.h takes it.
 */
#ifndef WORKER_SERVICE_SERVICE_BRANCH_H
#define WORKER_SERVICE_SERVICE_BRANCH_H

#include "branch/branch.h"
#include "migration/look/place.h"
#include "rpc/server.h"
#include "worker/branch_jobs.h"

#define BRANCH_POOLS  4
#define BRANCH_WORKER 96

struct branch_context {
    const struct site *site;
    struct branches branches;
    struct branch_jobs *jobs;
    char worker[BRANCH_WORKER];
    struct pg_pool *pools[BRANCH_POOLS]; /* those on the home database, which let go while it is copied; NULL: none */
};

/* Makes what the context does not have yet: who this worker is, and its way to let go. */
void branch_context_begin(struct branch_context *context);

/* The context is borrowed. */
struct rpc_service branch_service(struct branch_context *context);

#endif
