/*
 * BranchService.RehearseBranch: what is pending is run in a branch, as it would be in the database that it is a copy
 * of.
 */
#ifndef WORKER_SERVICE_SERVICE_REHEARSAL_H
#define WORKER_SERVICE_SERVICE_REHEARSAL_H

#include "branch/branch.h"
#include "migration/look/place.h"
#include "rpc/server.h"
#include "truss/branch/v1/branch.pb-c.h"

/* means: how branches are asked. id: the branch. The reply, in the call's arena; NULL with the call's status:
 * NOT_FOUND, FAILED_PRECONDITION for a branch without rows, and (reason SERVER_WIDE) where what is pending acts beyond
 * its database. */
ProtobufCMessage *handle_rehearse(const struct site *site, const struct branch_call *means, struct rpc_call *call,
                                  int64_t id, const Truss__Branch__V1__RehearseBranchRequest *wish);

#endif
