/*
 * A statement that creates a relation that already exists: CREATE TABLE of an existing table (42P07). For other objects
 * see missing.h.
 */
#ifndef MIGRATION_PLAN_FORESEE_ALREADY_H
#define MIGRATION_PLAN_FORESEE_ALREADY_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Call it for each statement of a plan in order, before the world
 * is told about the statement. */
const char *already_there(struct needs *needs, struct text statement, const struct sql_effects *effects);

#endif
