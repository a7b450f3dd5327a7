/*
 * What CREATE … IF NOT EXISTS is content with although it is another: a materialized view or a table with other columns
 * than the query gives, a partition of another table or with another bound.
 */
#ifndef MIGRATION_PLAN_FORESEE_PASSED_OVER_H
#define MIGRATION_PLAN_FORESEE_PASSED_OVER_H

#include "migration/look/place.h"
#include "pg/session.h"

/* What is otherwise with what is there; NULL: nothing, or it is not known. Only what is certain is said. */
const char *passed_over_difference(const struct request *request, struct pg_session *session, struct text statement);

#endif
