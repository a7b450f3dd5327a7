/*
 * BranchService.RehearseBranch: runs the pending migrations in a branch, as they would run in the original database.
 */
#ifndef WORKER_SERVICE_SERVICE_REHEARSAL_H
#define WORKER_SERVICE_SERVICE_REHEARSAL_H

#include "branch/branch.h"
#include "migration/look/place.h"
#include "rpc/server.h"
#include "truss/branch/v1/branch.pb-c.h"

/* means: access to the branches. id: the branch. Returns the reply, in the call's arena, or NULL with the call's
 * status: NOT_FOUND; FAILED_PRECONDITION for a branch without data, and (reason SERVER_WIDE) if a pending migration
 * acts beyond its database. */
ProtobufCMessage *handle_rehearse(const struct site *site, const struct branch_call *means, struct rpc_call *call,
                                  int64_t id, const Truss__Branch__V1__RehearseBranchRequest *wish);

#endif
