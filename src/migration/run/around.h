/*
 * Scripts that a framework's tool runs around the migrations: callbacks. They are recorded nowhere, and run each time.
 */
#ifndef MIGRATION_RUN_AROUND_H
#define MIGRATION_RUN_AROUND_H

#include "migration/run/executor.h"

/* Runs those of this time, each in a transaction of its own, in a session as it began. False where one failed: the
 * result has it, and what came before it stays. */
bool around_run(const struct execution *execution, enum around_when when);

/* In front of the first repeatable migration, and behind all where there is none: once. */
bool around_versioned(const struct execution *execution, bool has_repeatables);

/* Behind a run that failed; what fails of it is a warning. */
void around_failed(const struct execution *execution);

/* Of a dry run: those behind the migrations are not tried. */
void around_untried(const struct execution *execution);

#endif
