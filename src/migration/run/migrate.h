/*
 * Runs one migration: in one transaction with its row if the plan says so, otherwise step by step, each with its own
 * row.
 */
#ifndef MIGRATION_RUN_MIGRATE_H
#define MIGRATION_RUN_MIGRATE_H

#include "migration/run/attempt.h"

/* On failure attempt->failure says why, the step is rolled back, and what is recorded is what was committed. */
bool migrate(struct attempt *attempt);

#endif
