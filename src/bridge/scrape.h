/*
 * GET /metrics: the bridge's own metrics and those of all its workers, which are asked concurrently.
 */
#ifndef BRIDGE_SCRAPE_H
#define BRIDGE_SCRAPE_H

#include "bridge/passage.h"

/* Answers the passage, now or later. If workers require a login, one of them must have accepted the caller, unless
 * metrics are configured as open. */
void scrape_begin(struct passage *passage);

#endif
