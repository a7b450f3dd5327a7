/*
 * Rows that are there and do not fit a statement: NULLs in the way of NOT NULL, equal rows in the way of a unique
 * index, rows that a CHECK, a foreign key or an exclusion constraint does not allow.
 */
#ifndef MIGRATION_PLAN_FORESEE_VIOLATED_H
#define MIGRATION_PLAN_FORESEE_VIOLATED_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Rows that the plan may have changed before are not judged. */
const char *violated_why(struct needs *needs, const struct sql_effects *effects);

#endif
