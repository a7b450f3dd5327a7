/*
 * Columns and tables that are there and do not fit what a statement wants of them: a type that the values do not become
 * by themselves, a foreign key between other types, a partition with other columns.
 */
#ifndef MIGRATION_PLAN_FORESEE_FITTING_H
#define MIGRATION_PLAN_FORESEE_FITTING_H

#include "migration/plan/foresee/needs.h"

/* Why the statement fails; NULL: nothing is known against it. Nothing is said of what the plan has mentioned before. */
const char *fitting_why(struct needs *needs, const struct sql_effects *effects);

#endif
