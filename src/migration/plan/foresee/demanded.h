/*
 * What a statement demands of an existing relation (sql/demands.h), held against the catalogs: a child that would need
 * the same change, an index that cannot become a key, a table that is logged.
 */
#ifndef MIGRATION_PLAN_FORESEE_DEMANDED_H
#define MIGRATION_PLAN_FORESEE_DEMANDED_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Names that the plan has mentioned before are not judged. */
const char *demanded_why(struct needs *needs, const struct sql_effects *effects);

#endif
