/*
 * How a run has ended, as it may be told outside.
 */
#ifndef WORKER_TELEMETRY_OUTCOME_H
#define WORKER_TELEMETRY_OUTCOME_H

#include "migration/meters.h"
#include "truss/migration/v1/migration.pb-c.h"

struct hook_outcome {
    enum run_outcome outcome;
    const Truss__Migration__V1__RunResponse *result; /* NULL: it could not go on */
    const char *error;                               /* that may be told (safe.h); NULL: it went well */
    const char *sqlstate;                            /* "" or NULL: none */
};

#endif
