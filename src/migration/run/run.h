/*
 * Running what is pending.
 */
#ifndef MIGRATION_RUN_RUN_H
#define MIGRATION_RUN_RUN_H

#include "migration/events.h"
#include "migration/plan/plan.h"
#include "migration/result.h"

/* What is to be run, and who watches. */
struct run_task {
    const struct run_options *options;
    const struct detection *detection; /* where the request has asked already; NULL: not yet */
    const struct watch *watch;         /* NULL: nobody watches */
};

/* Runs the pending migrations that are asked for, in the order of the files, each recorded as the framework does. Takes
 * the locks, reads the ledger under them, and reads and plans every script before the first is run. False, with the
 * request's status, where it could not begin (no folder, another run, an unresolved failure, an unknown name, a plan
 * that changed); a migration that failed is a result with ok false. */
bool run_migrations(const struct request *request, const struct run_task *task, struct run_result *result);

#endif
