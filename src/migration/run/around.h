/*
 * Callbacks: scripts that a framework's tool runs around the migrations. They are not recorded and run each time.
 */
#ifndef MIGRATION_RUN_AROUND_H
#define MIGRATION_RUN_AROUND_H

#include "migration/run/executor.h"

/* Runs the callbacks of this moment, each in its own transaction, in a reset session. If one fails it returns false and
 * the result has the failure; earlier ones stay committed. */
bool around_run(const struct execution *execution, enum around_when when);

/* What is said of a run in which a callback failed: of it, and of the migrations that are applied. */
const char *around_summary(const struct execution *execution);

/* Runs the callbacks after the versioned migrations: before the first repeatable one, or after all if there is none.
 * Only once. */
bool around_versioned(const struct execution *execution, bool has_repeatables);

/* Runs the callbacks after a failed run; their failures are warnings. */
void around_failed(const struct execution *execution);

/* For a dry run: reports that the callbacks after the migrations are not tried. */
void around_untried(const struct execution *execution);

#endif
