/*
 * What a worker tells of itself as metrics: what it has counted, and what it last saw. Nothing is asked of the database
 * for them, so that who asks often disturbs nobody.
 */
#ifndef WORKER_METRICS_H
#define WORKER_METRICS_H

#include "rpc/metrics.h"
#include "worker/service/service.h"

/* Adds all families of this worker. */
void worker_metrics_show(const struct health_context *context, struct metrics *metrics);

#endif
