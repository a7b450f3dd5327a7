/*
 * truss.sql.v1.SqlService.
 */
#ifndef WORKER_SERVICE_SERVICE_SQL_H
#define WORKER_SERVICE_SERVICE_SQL_H

#include "rpc/server.h"
#include "workbench/workbench.h"

/* Borrows the workbench. */
struct rpc_service sql_service(struct workbench *workbench);

#endif
