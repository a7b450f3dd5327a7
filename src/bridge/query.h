/*
 * Ends a query when its client disconnects before the answer.
 */
#ifndef BRIDGE_QUERY_H
#define BRIDGE_QUERY_H

#include "bridge/passage.h"

/* The field in a passage's message with the id for cancelling it; NULL if it is neither a query nor a plan. */
char **query_id_of(const struct passage *passage);

/* Calls the passage's method, and cancels it if the client disconnects meanwhile. A query without an id gets one. */
void query_begin(struct passage *passage, char **id, rpc_reply_fn *done);

#endif
