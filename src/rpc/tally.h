/*
 * Statistics of a server's calls: by method and code, their durations, and how many wait and are processed in each
 * lane.
 */
#ifndef RPC_TALLY_H
#define RPC_TALLY_H

#include "base/tally.h"
#include "rpc/metrics.h"
#include "rpc/service.h"

struct rpc_tally;

/* Makes the statistics of these services, which are borrowed. */
struct rpc_tally *rpc_tally_new(const struct rpc_service *services, size_t count);
void rpc_tally_free(struct rpc_tally *counted);

/* Counts an answered call, which took `us` microseconds. place->service is NULL if the request named no method. Any
 * thread, as all of these; a NULL tally counts nothing. */
void rpc_tally_answered(struct rpc_tally *counted, const struct rpc_place *place, enum status_code code, int64_t us);

/* Changes by `more` (1 or -1) the number of calls that wait, or are processed, in a lane. */
void rpc_tally_waits(struct rpc_tally *counted, enum rpc_lane lane, int more);
void rpc_tally_works(struct rpc_tally *counted, enum rpc_lane lane, int more);

/* Adds the metric families. Methods that were never called are left out. */
void rpc_tally_show(const struct rpc_tally *counted, struct metrics *metrics);

#endif
