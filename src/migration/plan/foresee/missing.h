/*
 * Things that a statement names and that are not there, that it makes and that are there already, or that it drops and
 * others depend on.
 */
#ifndef MIGRATION_PLAN_FORESEE_MISSING_H
#define MIGRATION_PLAN_FORESEE_MISSING_H

#include "migration/plan/foresee/needs.h"

/* Why the statement fails; NULL: nothing is known against it. Asked before the world knows what it does. */
const char *missing_why(struct needs *needs, struct text statement, const struct sql_effects *effects);

/* The same of the files of extensions alone, which no statement before can have made: but for pg_tle, which keeps some
 * in its tables. */
const char *missing_files_why(struct needs *needs, struct text statement, const struct sql_effects *effects);

/* Is the extension that the statement makes there already, so that it brings nothing (IF NOT EXISTS)? */
bool missing_is_installed(struct needs *needs, const struct sql_effects *effects);

#endif
