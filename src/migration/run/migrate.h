/*
 * Runs one migration: in one transaction with its row if the plan says so, otherwise step by step, each with its own
 * row.
 */
#ifndef MIGRATION_RUN_MIGRATE_H
#define MIGRATION_RUN_MIGRATE_H

#include "migration/run/attempt.h"

/* Composes the message of a migration that is one transaction, for a later migrate, which will find the session as this
 * one leaves it. Nothing if its message depends on how the session reads then. */
void migrate_compose(struct attempt *attempt);

/* On failure attempt->failure says why, the step is rolled back, and what is recorded is what was committed. */
bool migrate(struct attempt *attempt);

#endif
