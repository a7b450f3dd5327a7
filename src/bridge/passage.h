/*
 * A request on its way through an RPC: which worker is called, whether another one is asked where that fails, and what
 * is told of how it ended. Below all who make a request's message (request.c) and its answer (answer.c, stream.c).
 */
#ifndef BRIDGE_PASSAGE_H
#define BRIDGE_PASSAGE_H

#include "base/limits.h"
#include "bridge/credentials.h"
#include "bridge/http.h"
#include "bridge/routes.h"
#include "rpc/channel.h"
#include "rpc/lanes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct http_tally;

struct bridge {
    struct rpc_channel *workers[LIMIT_WORKERS];
    size_t worker_count;
    uint32_t read_timeout_ms;
    uint32_t run_timeout_ms;
    const struct proxies *proxies;    /* in front of us; NULL: none */
    const char *const *allowed_hosts; /* names besides this machine's that a Host may have; NULL-terminated */
    atomic_bool needs_login;          /* a worker that asks nobody for a login is not to serve our clients */
    atomic_bool is_near;              /* only this machine can reach us */
    bool metrics_open;                /* /metrics needs no login */
    struct http_tally *tally;         /* counts the requests */
    struct browsers browsers;
    atomic_size_t streams;     /* that are under way */
    atomic_bool ending;        /* nobody waits for news any more */
    atomic_bool stopping;      /* nothing is asked any more */
    pthread_mutex_t sharing;   /* of the next */
    struct passage *under_way; /* calls that others may wait for; share.h */
    struct lane *readers;      /* for bodies that take a while to read */
    atomic_size_t calling;     /* threads that use the workers' channels at this moment */
};

struct passage {
    struct lane_job job; /* first, so that a job is its passage: to read its body */
    const char *name;    /* the path's part that stands for the placeholder */
    struct bridge *bridge;
    struct http_request *http;
    const struct route *route;
    const char *rpc; /* the route's, or what it is in the background */
    const char *request_id;
    struct credentials credentials;
    const char *cookie; /* to be set with the answer; NULL: none */
    struct rpc_call_options options;
    const ProtobufCMessage *input;
    struct text known;                              /* the ETags that its client has: If-None-Match */
    const char *tag;                                /* of the answer; NULL: it has none */
    bool takes_gzip;                                /* its client does */
    struct json_fields fields;                      /* those that are asked for; none: all */
    struct rpc_channel *worker;                     /* the last that was asked */
    const struct rpc_channel *tried[LIMIT_WORKERS]; /* not to be asked again */
    size_t tried_count;
    bool is_partial; /* one of those could not be reached */
    struct text key; /* of share.h, as are the next three: its message, packed */
    struct passage *next;
    struct passage *waiting;    /* for the next call that is equal */
    struct passage *companions; /* to be answered as this one is */
    ProtobufCMessage *view;     /* made, waiting for a count */
    struct arena *piece;        /* of a stream: the memory of the reply and of what is sent of it */
    struct text first;          /* of a stream: what its first look found, to be sent when the client is there */
    bool first_is_last;
    const char *query_id; /* of a query or a download: by which its worker ends it */
    int64_t asked_at;     /* of a stream: when its worker was asked for more */
};

/* Calls a method of the route's service; the passage may be gone when this returns. */
void passage_call(struct passage *passage, const char *rpc, const ProtobufCMessage *input, rpc_reply_fn *done);

/* Has the workers end the query of the passage's query_id. It waits for nothing; any thread. */
void passage_cancel(const struct passage *passage);

/* After a call that ended so: true where another worker is to be asked instead, which the next passage_call does. */
bool passage_goes_on(struct passage *passage, const struct status *status);

/* What is to be told of a call that ended so: the status itself, or a truer one in the arena. */
const struct status *passage_outcome(const struct passage *passage, struct arena *arena, const struct status *status);

/* Ends the calls that wait for news, streams among them; those that come later are answered with UNAVAILABLE. */
void bridge_end_polls(struct bridge *bridge);

/* Ends all calls under way, which answers their requests, and closes the channels. Takes a few seconds at most.
 * Requests that come later are answered with UNAVAILABLE. */
void bridge_stop(struct bridge *bridge);

#endif
