/*
 * truss.branch.v1.BranchService.
 */
#ifndef WORKER_SERVICE_SERVICE_BRANCH_H
#define WORKER_SERVICE_SERVICE_BRANCH_H

#include "branch/branch.h"
#include "migration/look/place.h"
#include "rpc/server.h"
#include "worker/approvals.h"
#include "worker/branch_jobs.h"

#define BRANCH_POOLS  4
#define BRANCH_WORKER 96

struct branch_context {
    const struct site *site;
    struct branches branches;
    struct branch_jobs *jobs;
    struct approval_rule approval; /* a rehearsal executes what a run would */
    char worker[BRANCH_WORKER];
    struct pg_pool *pools[BRANCH_POOLS]; /* those connected to the original database, which release their connections
                                            while it is copied; NULL is fine */
};

/* Fills in the rest of the context: this worker's name, and how the pools release their connections. */
void branch_context_begin(struct branch_context *context);

/* Borrows the context. */
struct rpc_service branch_service(struct branch_context *context);

#endif
