/*
 * What a script does to the tracking table of its own framework, in which the run writes the row of the migration.
 */
#ifndef MIGRATION_PLAN_OWN_LEDGER_H
#define MIGRATION_PLAN_OWN_LEDGER_H

#include "migration/plan/reading.h"

/* Why the statement fails, or the row behind it: it drops, renames, moves or replaces the tracking table, or drops its
 * schema; NULL: it does not, or that was said. Call it after the world was told of the statement. */
const char *ledger_taken(struct explaining *explaining, struct text statement, const struct sql_effects *effects);

/* The statement's advice; with a remark in front if it changes columns of the tracking table. */
const char *ledger_changed(const struct explaining *explaining, const struct sql_effects *effects);

#endif
