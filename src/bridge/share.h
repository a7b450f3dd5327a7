/*
 * Shares the answers of equal concurrent reads: one of them is sent to a worker, and its answer goes to all that had
 * arrived before it was sent. Those that arrive during the call wait for the next one, so that nobody gets an answer
 * older than the request. A thousand clients asking for the status cause two calls.
 */
#ifndef BRIDGE_SHARE_H
#define BRIDGE_SHARE_H

#include "bridge/passage.h"

/* May this passage be answered so? */
bool share_fits(const struct passage *passage);

/* Returns true if the answer will come from another call. Otherwise make the call now, and then call share_end. */
bool share_join(struct passage *passage);

/* Returns the passages that get this one's answer, linked by `next`. *then becomes the passage whose call must be made
 * now, or NULL. */
struct passage *share_end(struct passage *passage, struct passage **then);

#endif
