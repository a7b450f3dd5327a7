/*
 * Things that a statement names and that do not exist, that it creates and that already exist, or that it drops
 * although others depend on them.
 */
#ifndef MIGRATION_PLAN_FORESEE_MISSING_H
#define MIGRATION_PLAN_FORESEE_MISSING_H

#include "migration/plan/foresee/needs.h"

/* Returns why the statement fails; NULL: nothing known. Call it before the world is told about the statement. */
const char *missing_why(struct needs *needs, struct text statement, const struct sql_effects *effects);

/* The same for the files of extensions only, which no earlier statement can have created (except with pg_tle, which
 * stores some in its tables). */
const char *missing_files_why(struct needs *needs, struct text statement, const struct sql_effects *effects);

/* Does the extension that the statement creates exist, so that IF NOT EXISTS creates nothing? */
bool missing_is_installed(struct needs *needs, const struct sql_effects *effects);

#endif
