/*
 * Running one migration: in one transaction with its row where the plan says so; else step by step, each step's row
 * committing with it.
 */
#ifndef MIGRATION_RUN_MIGRATE_H
#define MIGRATION_RUN_MIGRATE_H

#include "migration/run/attempt.h"

/* False where it failed; then attempt->failure says why, the step is rolled back, and what is recorded is what stays.
 */
bool migrate(struct attempt *attempt);

#endif
