/*
 * The replies of SqlService, in the arena; they borrow the strings and rows.
 */
#ifndef WORKER_MESSAGES_SQL_MESSAGES_H
#define WORKER_MESSAGES_SQL_MESSAGES_H

#include "truss/sql/v1/sql.pb-c.h"
#include "workbench/explain.h"
#include "workbench/export.h"
#include "workbench/query.h"
#include "workbench/tables.h"

/* as_lists: a row is a list of values instead of an object. */
Truss__Sql__V1__QueryResponse *query_message(struct arena *arena, const struct query_result *result, bool as_lists);
Truss__Sql__V1__ExplainResponse *explain_message(struct arena *arena, const struct explain_result *result);
Truss__Sql__V1__ExportResponse *export_message(struct arena *arena, const struct export_piece *piece);
Truss__Sql__V1__ListTablesResponse *tables_message(struct arena *arena, const PGresult *tables,
                                                   const struct workbench_target *target);
Truss__Sql__V1__DescribeResponse *describe_message(struct arena *arena, const struct description *description);

#endif
