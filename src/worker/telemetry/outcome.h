/*
 * How a run ended, in a form that may leave the worker.
 */
#ifndef WORKER_TELEMETRY_OUTCOME_H
#define WORKER_TELEMETRY_OUTCOME_H

#include "migration/meters.h"
#include "truss/migration/v1/migration.pb-c.h"

struct hook_outcome {
    enum run_outcome outcome;
    const Truss__Migration__V1__RunResponse *result; /* NULL: the run ended with an error */
    const char *error;                               /* safe to publish (safe.h); NULL: success */
    const char *sqlstate;                            /* "" or NULL: none */
};

#endif
