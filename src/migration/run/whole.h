/*
 * Several migrations in one transaction: the whole batch or nothing, for good or for a try.
 */
#ifndef MIGRATION_RUN_WHOLE_H
#define MIGRATION_RUN_WHOLE_H

#include "migration/plan/plan.h"
#include "migration/result.h"
#include "migration/run/current.h"

/* Runs all in one transaction, with their rows; prepare_obstacle() has nothing against it. The result's ok, summary,
 * applied and failure are set. */
void batch_run(struct run *run, struct preparation *preparation, struct run_result *result);

/* Tries all in one transaction that is rolled back. What cannot be tried so is listed. Sequences that the scripts name,
 * or whose tables they name, give the same values afterwards as without the try; others that moved are told of. */
bool batch_try(struct run *run, struct preparation *preparation, struct run_result *result);

#endif
