/*
 * Changes of columns' types held against the rows that are there: which values would be in the way, and which would not
 * be kept.
 */
#ifndef MIGRATION_PLAN_FORESEE_RETYPED_H
#define MIGRATION_PLAN_FORESEE_RETYPED_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails on the rows; NULL: nothing known. Otherwise its advice begins with what may happen to
 * values, and it no longer loses any if all rows were read and keep theirs. To be called for each statement, since it
 * records the enums that the plan creates. */
const char *retyped_why(struct needs *needs, struct text statement, struct sql_effects *effects);

#endif
