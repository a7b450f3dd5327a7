/*
 * Statistics of a bridge's requests: by route and not by path, so that their number is bounded.
 */
#ifndef BRIDGE_TALLY_H
#define BRIDGE_TALLY_H

#include "bridge/routes.h"
#include "rpc/metrics.h"

struct http_tally;

struct http_tally *http_tally_new(void);
void http_tally_free(struct http_tally *counted);

/* Slots for requests without a route. */
enum { HTTP_SLOT_NONE, HTTP_SLOT_PANEL, HTTP_SLOT_ROUTES };

/* The slot of a route. */
unsigned http_tally_slot(const struct route *route);

/* Counts an answered request. us: its duration; below 0: not meaningful, as for a stream. Any thread. */
void http_tally_answered(struct http_tally *counted, unsigned slot, unsigned status, int64_t us);

/* Adds the metric families. Routes that were never used are left out. */
void http_tally_show(const struct http_tally *counted, struct metrics *metrics);

#endif
