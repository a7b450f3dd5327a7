/*
 * The tables that the plan makes, with the types of their columns: a foreign key must refer to columns of a type that
 * can be compared with its own.
 */
#ifndef MIGRATION_PLAN_FORESEE_MADE_TABLES_H
#define MIGRATION_PLAN_FORESEE_MADE_TABLES_H

#include "migration/plan/foresee/needs.h"

/* Returns why the foreign key fails; NULL: nothing known. A table that was altered since is not judged. */
const char *made_tables_why(struct needs *needs, const struct sql_reference *key);

/* Records the table that a statement makes. Call it behind needs_note(). */
void made_tables_note(struct needs *needs, const struct sql_made_table *table);

#endif
