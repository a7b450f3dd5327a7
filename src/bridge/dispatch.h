/*
 * From a request to its answer: the route, the message out of path and body, the RPC to a worker, the JSON of its
 * reply.
 */
#ifndef BRIDGE_DISPATCH_H
#define BRIDGE_DISPATCH_H

#include "bridge/passage.h"

/* A body that is read in about a millisecond; larger ones wait for a reader. */
#define DISPATCH_READ_HERE ((size_t)64 * 1024)

/* An http_handler whose data is a struct bridge. */
void dispatch(void *data, struct http_request *request);

/* An http_served with the same data: counts the request. */
void dispatch_served(void *data, const struct http_request *request, unsigned status, int64_t us);

#endif
