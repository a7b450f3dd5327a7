/*
 * What the columns get that an INSERT leaves out: nothing, a constant, the next number of a sequence.
 */
#ifndef MIGRATION_PLAN_FORESEE_WRITTEN_GIVEN_H
#define MIGRATION_PLAN_FORESEE_WRITTEN_GIVEN_H

#include "migration/plan/foresee/needs.h"
#include "sql/written.h"

#include <libpq-fe.h>

/* The same rows with the columns for which that is known, in the needs' arena; or `written` itself. columns: what
 * written_columns_sql says of those that it has. */
const struct sql_written *written_given(struct needs *needs, const struct sql_written *written,
                                        const struct relation *relation, const PGresult *columns);

#endif
