/*
 * Rows of constants that a statement writes, held against what the table demands of its rows: lengths and bounds of
 * types, unique columns, foreign keys, CHECKs.
 */
#ifndef MIGRATION_PLAN_FORESEE_WRITTEN_H
#define MIGRATION_PLAN_FORESEE_WRITTEN_H

#include "migration/plan/foresee/needs.h"
#include "sql/effects.h"

/* Why the statement will fail because of the rows that it writes, as a sentence; NULL: it does not, or that is not
 * known. */
const char *written_why(struct needs *needs, const struct sql_effects *effects);

/* Does the statement only add rows, to tables that it names, and run no code of users that may do more? Records these
 * tables then (needs.wrote). */
bool written_only_adds(struct needs *needs, const struct sql_effects *effects);

#endif
