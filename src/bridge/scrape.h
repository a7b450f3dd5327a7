/*
 * GET /metrics: the bridge's own numbers, and those of all its workers, which are asked at the same time.
 */
#ifndef BRIDGE_SCRAPE_H
#define BRIDGE_SCRAPE_H

#include "bridge/passage.h"

/* Answers the passage, at once or later. Where workers ask for a login, one of them must have let the caller in, or the
 * bridge was told that metrics are open. */
void scrape_begin(struct passage *passage);

#endif
