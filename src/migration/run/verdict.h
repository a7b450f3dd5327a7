/*
 * What a run stores in our own tables when it is over: the attempt that failed; entries of those that have succeeded
 * are deleted.
 */
#ifndef MIGRATION_RUN_VERDICT_H
#define MIGRATION_RUN_VERDICT_H

#include "migration/run/executor.h"

/* Does not change the run's result: if storing fails, that is logged. */
void verdict_write(const struct execution *execution);

#endif
