/*
 * A worker's metrics: what it has counted and last seen. The database is not queried for them, so that frequent scrapes
 * disturb nobody.
 */
#ifndef WORKER_METRICS_H
#define WORKER_METRICS_H

#include "rpc/metrics.h"
#include "worker/service/service.h"

/* Adds all metric families of this worker. */
void worker_metrics_show(const struct health_context *context, struct metrics *metrics);

#endif
