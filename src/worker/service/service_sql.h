/*
 * truss.sql.v1.SqlService, as rpc/server.h takes it.
 */
#ifndef WORKER_SERVICE_SERVICE_SQL_H
#define WORKER_SERVICE_SERVICE_SQL_H

#include "rpc/server.h"
#include "workbench/workbench.h"

/* The workbench is borrowed. */
struct rpc_service sql_service(struct workbench *workbench);

#endif
