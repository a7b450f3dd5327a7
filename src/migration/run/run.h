/*
 * Running what is pending.
 */
#ifndef MIGRATION_RUN_RUN_H
#define MIGRATION_RUN_RUN_H

#include "migration/events.h"
#include "migration/plan/plan.h"
#include "migration/result.h"

/* Runs the pending migrations that are asked for, in the order of the files, one after the other, each recorded as the
 * framework does. Takes the locks, re-reads the ledger under them, and reads and plans every script before the first is
 * run. The watch may be NULL. False where it could not begin (no folder, another run, an unresolved failure, an
 * unknown name, a plan that changed); a migration that failed is a result with ok false. */
bool run_migrations(const struct request *request, const struct watch *watch, const struct run_options *options,
                    struct run_result *result);

#endif
