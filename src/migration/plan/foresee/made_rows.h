/*
 * The rows that the plan writes to tables that it makes, held against what these demand: keys, foreign keys, NOT NULL,
 * lengths, CHECKs.
 */
#ifndef MIGRATION_PLAN_FORESEE_MADE_ROWS_H
#define MIGRATION_PLAN_FORESEE_MADE_ROWS_H

#include "migration/plan/foresee/needs.h"
#include "sql/effects.h"

/* Records the table that a statement makes. Call it behind needs_note(). */
void made_rows_note(struct needs *needs, const struct sql_made_table *table);

/* Why the statement fails, which writes rows to such a table or demands something of them; NULL: nothing known. To be
 * called for each statement, in order, before needs_note(). */
const char *made_rows_why(struct needs *needs, const struct sql_effects *effects);

#endif
