/*
 * CREATE OR REPLACE over a function or a view whose users rely on more than the new one keeps: its result, the names of
 * its parameters, its columns.
 */
#ifndef MIGRATION_PLAN_FORESEE_REPLACED_H
#define MIGRATION_PLAN_FORESEE_REPLACED_H

#include "migration/plan/foresee/needs.h"

/* Why the server refuses to replace it; NULL: nothing is known against it. Nothing is said of what the plan has
 * mentioned before. */
const char *replaced_why(struct needs *needs, const struct sql_replaced *replaced);

#endif
