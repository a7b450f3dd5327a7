/*
 * What a run leaves in our own table when it is over: the attempt that failed, and no more those that have succeeded.
 */
#ifndef MIGRATION_RUN_VERDICT_H
#define MIGRATION_RUN_VERDICT_H

#include "migration/run/executor.h"

/* Never makes the run's own result another: where it cannot be written the log says so. */
void verdict_write(const struct execution *execution);

#endif
