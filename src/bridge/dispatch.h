/*
 * From a request to its answer: the route, the message out of path and body, the RPC to a worker, the JSON of its
 * reply.
 */
#ifndef BRIDGE_DISPATCH_H
#define BRIDGE_DISPATCH_H

#include "bridge/http.h"
#include "rpc/channel.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BRIDGE_WORKERS 16

struct bridge {
    struct rpc_channel *workers[BRIDGE_WORKERS];
    size_t worker_count;
    uint32_t read_timeout_ms;
    uint32_t run_timeout_ms;
    atomic_bool loopback_only;        /* only names of this machine are accepted as Host */
    const char *const *allowed_hosts; /* and these; NULL-terminated */
    struct text openapi;              /* /openapi.json and /, made once */
    struct text index;
    atomic_size_t streams; /* that are under way */
    atomic_bool stopping;
    atomic_size_t calling; /* threads that use the workers' channels at this moment */
};

/* An http_handler whose context is a struct bridge. */
void dispatch(void *bridge, struct http_request *request);

/* Ends the calls under way, which answers their requests, and closes the channels. Requests that come later are
 * answered with UNAVAILABLE. */
void dispatch_stop(struct bridge *bridge);

#endif
