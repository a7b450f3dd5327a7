/*
 * From a request to its answer: finds the route, makes the message of path and body, calls a worker, and writes the
 * reply as JSON.
 */
#ifndef BRIDGE_DISPATCH_H
#define BRIDGE_DISPATCH_H

#include "bridge/passage.h"

/* A body of this size is parsed in about a millisecond; larger ones go to a reader thread. */
#define DISPATCH_READ_HERE ((size_t)64 * 1024)

/* An http_handler; data is a struct bridge. */
void dispatch(void *data, struct http_request *request);

/* An http_served with the same data: counts the request. */
void dispatch_served(void *data, const struct http_request *request, unsigned status, int64_t us);

#endif
