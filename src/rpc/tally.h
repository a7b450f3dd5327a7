/*
 * What a server counts of its calls: by method and code, how long they took, and how many wait and are worked on in
 * each lane.
 */
#ifndef RPC_TALLY_H
#define RPC_TALLY_H

#include "base/tally.h"
#include "rpc/metrics.h"
#include "rpc/service.h"

struct rpc_tally;

/* For these services, which are borrowed. */
struct rpc_tally *rpc_tally_new(const struct rpc_service *services, size_t count);
void rpc_tally_free(struct rpc_tally *counted);

/* A call was answered. place->service NULL: it named no method. Any thread, as all of these; NULL counts nothing. */
void rpc_tally_answered(struct rpc_tally *counted, const struct rpc_place *place, enum status_code code, int64_t us);

/* One more (or less: -1) waits in a lane, or is worked on. */
void rpc_tally_waits(struct rpc_tally *counted, enum rpc_lane lane, int more);
void rpc_tally_works(struct rpc_tally *counted, enum rpc_lane lane, int more);

/* Adds the families. Methods that were never called are left out. */
void rpc_tally_show(const struct rpc_tally *counted, struct metrics *metrics);

#endif
