/*
 * What a statement is about is there, and cannot be what the statement wants of it: a second primary key, a partition
 * of a table that has none, a NOT NULL column without a value for the rows. What it needs beside that is in needs.h.
 */
#ifndef MIGRATION_PLAN_FORESEE_UNFIT_H
#define MIGRATION_PLAN_FORESEE_UNFIT_H

#include "migration/plan/foresee/needs.h"

/* Why the statement fails; NULL: nothing is known against it. Nothing is said of what the plan has mentioned before. */
const char *unfit_why(struct needs *needs, struct text statement, const struct sql_effects *effects);

#endif
