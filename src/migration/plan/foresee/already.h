/*
 * A relation that a statement makes and the database has already: CREATE TABLE of a table that is there (42P07). Of
 * other things see missing.h.
 */
#ifndef MIGRATION_PLAN_FORESEE_ALREADY_H
#define MIGRATION_PLAN_FORESEE_ALREADY_H

#include "migration/plan/foresee/needs.h"

/* Why the statement fails; NULL: nothing is known to be in its way. Asked of each statement of a plan in its order,
 * before the world knows what it does. */
const char *already_there(const struct needs *needs, struct text statement, const struct sql_effects *effects);

#endif
