/*
 * The object of a statement exists but is not suitable: a second primary key, a partition of a table that is not
 * partitioned. For what else the statement needs see needs.h.
 */
#ifndef MIGRATION_PLAN_FORESEE_UNFIT_H
#define MIGRATION_PLAN_FORESEE_UNFIT_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Names that the plan has mentioned before are not judged. */
const char *unfit_why(struct needs *needs, struct text statement, const struct sql_effects *effects);

#endif
