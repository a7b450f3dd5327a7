/*
 * CREATE OR REPLACE of a function or view that would change what its users rely on: the result, parameter names,
 * columns.
 */
#ifndef MIGRATION_PLAN_FORESEE_REPLACED_H
#define MIGRATION_PLAN_FORESEE_REPLACED_H

#include "migration/plan/foresee/needs.h"

/* Returns why the server refuses to replace it; NULL: nothing known. Names that the plan has mentioned before are not
 * judged. */
const char *replaced_why(struct needs *needs, const struct sql_replaced *replaced);

#endif
