/*
 * Existing columns and tables that do not fit a statement: a type to which the values are not converted implicitly, a
 * foreign key between different types, a partition with other columns.
 */
#ifndef MIGRATION_PLAN_FORESEE_FITTING_H
#define MIGRATION_PLAN_FORESEE_FITTING_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Names that the plan has mentioned before are not judged. */
const char *fitting_why(struct needs *needs, const struct sql_effects *effects);

#endif
