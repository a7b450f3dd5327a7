/*
 * The handlers of MigrationService for approvals.
 */
#ifndef WORKER_SERVICE_SERVICE_APPROVAL_H
#define WORKER_SERVICE_SERVICE_APPROVAL_H

#include "migration/plan/preparation.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "worker/service/service_request.h"

rpc_handler handle_approve;
rpc_handler handle_list_approvals;
rpc_handler handle_revoke_approval;

/* The approval in a plan's answer: *approval is NULL if none is required, or nothing would run. */
bool approval_of_plan(const struct service_context *context, struct pg_session *session,
                      const struct preparation *preparation, Truss__Migration__V1__Approval **approval,
                      struct status *status);

#endif
