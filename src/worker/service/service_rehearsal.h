/*
 * BranchService.RehearseBranch: runs the pending migrations in a branch, as they would run in the original database.
 */
#ifndef WORKER_SERVICE_SERVICE_REHEARSAL_H
#define WORKER_SERVICE_SERVICE_REHEARSAL_H

#include "branch/branch.h"
#include "migration/look/place.h"
#include "rpc/server.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "worker/approvals.h"

struct rehearsal {
    const struct site *site;
    const struct approval_rule *approval; /* a rehearsal executes what a run would */
};

/* means: access to the branches. id: the branch. Returns the reply, in the call's arena, or NULL with the call's
 * status: NOT_FOUND; FAILED_PRECONDITION for a branch without data or of another database, (reason SERVER_WIDE) if a
 * pending migration acts beyond its database, and (NEEDS_APPROVAL) if the worker requires approvals and nobody else has
 * approved the plan; PERMISSION_DENIED if the caller allows such acts and may not run migrations. */
ProtobufCMessage *handle_rehearse(const struct rehearsal *rehearsal, const struct branch_call *means,
                                  struct rpc_call *call, int64_t id,
                                  const Truss__Branch__V1__RehearseBranchRequest *wish);

#endif
