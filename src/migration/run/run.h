/*
 * Runs pending migrations.
 */
#ifndef MIGRATION_RUN_RUN_H
#define MIGRATION_RUN_RUN_H

#include "migration/events.h"
#include "migration/plan/plan.h"
#include "migration/result.h"

/* What to run, and who watches. */
struct run_task {
    const struct run_options *options;
    const struct detection *detection; /* if the request has detected already; NULL: not yet */
    const struct watch *watch;         /* NULL: nobody watches */
};

/* Runs the requested pending migrations in the order of the files, each recorded as the framework does. Takes the
 * locks, reads the ledger under them, and reads and plans every script before the first one runs. Returns false with
 * the request's status if it could not start (no folder, another run, an unresolved failure, an unknown name, a changed
 * plan); a migration that fails is a result with ok false. */
bool run_migrations(const struct request *request, const struct run_task *task, struct run_result *result);

#endif
