/*
 * Columns that the plan adds to tables that are there, with the value that their rows get.
 */
#ifndef MIGRATION_PLAN_FORESEE_ADDED_H
#define MIGRATION_PLAN_FORESEE_ADDED_H

#include "migration/plan/foresee/needs.h"
#include "sql/effects.h"

/* Records the columns that the statement adds. Returns why the value of one cannot be computed for the rows, or for the
 * DEFAULT alone; NULL: it can, or that is not known. */
const char *added_note(struct needs *needs, const struct sql_effects *effects);

#endif
