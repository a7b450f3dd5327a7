/*
 * Rows of other tables that are in the way of a statement: those that refer to rows that are deleted, and those with a
 * value that a domain no longer takes.
 */
#ifndef MIGRATION_PLAN_FORESEE_OTHER_ROWS_H
#define MIGRATION_PLAN_FORESEE_OTHER_ROWS_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Rows that the plan may have changed before are not judged. */
const char *other_rows_why(struct needs *needs, const struct sql_effects *effects);

#endif
