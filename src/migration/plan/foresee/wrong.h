/*
 * All that the catalogs say against a statement of a plan: what it needs and does not exist, what is in its way, what
 * does not fit. Names that an earlier statement has mentioned in any way are not judged.
 */
#ifndef MIGRATION_PLAN_FORESEE_WRONG_H
#define MIGRATION_PLAN_FORESEE_WRONG_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Call it before the world is told about the statement. */
const char *wrong_why(struct needs *needs, struct text statement, struct sql_effects *effects);

#endif
