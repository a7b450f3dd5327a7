/*
 * A query lives no longer than its client: who goes before the answer ends it at the worker.
 */
#ifndef BRIDGE_QUERY_H
#define BRIDGE_QUERY_H

#include "bridge/passage.h"

/* Where the message of a passage keeps the id by which its query is cancelled; NULL where it is neither a query nor a
 * plan. */
char **query_id_of(const struct passage *passage);

/* Calls the passage's method, and cancels it where the client goes meanwhile. A query without an id is given one. */
void query_begin(struct passage *passage, char **id, rpc_reply_fn *done);

#endif
