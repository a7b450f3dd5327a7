/*
 * Reads that are equal at the same moment: one of them is asked of a worker, and what it says answers all that were
 * there when it was asked. Who comes while it is under way waits for the next, so that nobody is told what was true
 * before he came. A thousand clients that ask for the status are two calls.
 */
#ifndef BRIDGE_SHARE_H
#define BRIDGE_SHARE_H

#include "bridge/passage.h"

/* True for a passage that may be answered so. */
bool share_fits(const struct passage *passage);

/* True where the answer will come by another; else it is to be called now, and share_end to be called behind it. */
bool share_join(struct passage *passage);

/* The passages that are answered with this one, linked by `next`. *then: the one that is to be called now, or NULL. */
struct passage *share_end(struct passage *passage, struct passage **then);

#endif
