/*
 * Constants that are compared with a column of an enum, or are its DEFAULT, and are none of its labels: PostgreSQL
 * refuses the statement (22P02), also without rows.
 */
#ifndef MIGRATION_PLAN_FORESEE_LABEL_H
#define MIGRATION_PLAN_FORESEE_LABEL_H

#include "migration/plan/foresee/needs.h"
#include "sql/effects.h"

/* Returns why the statement fails by that, in the needs' arena; NULL: nothing known. Columns and types that an earlier
 * statement has mentioned are not judged. */
const char *label_why(struct needs *needs, const struct sql_effects *effects);

/* The type of the need's column (SQL_NEED_COLUMN_LABEL), in the arena, if that is an enum; NULL: it is none, or the
 * catalogs do not have the column. */
const char *label_type(struct questions *questions, struct world *world, struct arena *arena,
                       const struct sql_need *need);

#endif
