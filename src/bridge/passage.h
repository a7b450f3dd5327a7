/*
 * A request on its way through an RPC: which worker is called, whether another one is tried if that fails, and how the
 * outcome is reported. Used by the code that makes a request's message (request.c) and its answer (answer.c, stream.c).
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
    const char *const *allowed_hosts; /* further host names that a Host header may have; NULL-terminated */
    atomic_bool needs_login;          /* a worker that requires no login must not serve our clients */
    atomic_bool is_near;              /* only this machine can connect to us */
    bool metrics_open;                /* /metrics needs no login */
    struct http_tally *tally;         /* counts the requests */
    struct browsers browsers;
    atomic_size_t streams;     /* streams under way */
    atomic_bool ending;        /* long polls are ended */
    atomic_bool stopping;      /* no more calls are made */
    pthread_mutex_t sharing;   /* protects the next */
    struct passage *under_way; /* calls whose answers others may share; share.h */
    struct lane *readers;      /* parse large bodies */
    atomic_size_t calling;     /* threads that are using the workers' channels */
};

struct passage {
    struct lane_job job; /* first, so that a job is its passage: parses its body */
    const char *name;    /* the value of the path's placeholder */
    struct bridge *bridge;
    struct http_request *http;
    const struct route *route;
    const char *rpc; /* the route's, or its background variant */
    const char *request_id;
    struct credentials credentials;
    const char *cookie; /* to set with the answer; NULL: none */
    struct rpc_call_options options;
    const ProtobufCMessage *input;
    struct text known;                              /* ETags that the client has: If-None-Match */
    const char *tag;                                /* ETag of the answer; NULL: none */
    bool takes_gzip;                                /* the client accepts it */
    struct json_fields fields;                      /* the requested fields; none: all */
    struct rpc_channel *worker;                     /* the last one called */
    const struct rpc_channel *tried[LIMIT_WORKERS]; /* not to be tried again */
    size_t tried_count;
    bool is_partial; /* one of those could not be reached */
    struct text key; /* for share.h, like the next three: the packed message */
    struct passage *next;
    struct passage *waiting;    /* for the next equal call */
    struct passage *companions; /* get the same answer */
    ProtobufCMessage *view;     /* complete except for a count */
    struct arena *piece;        /* of a stream: memory for a reply and the bytes sent from it */
    struct text first;          /* of a stream: what the first poll returned, to be sent first */
    bool first_is_last;
    const char *query_id; /* of a query or a download: its id for cancelling */
    int64_t asked_at;     /* of a stream: when its worker was last polled */
};

/* Calls a method of the route's service; the passage may be freed when this returns. */
void passage_call(struct passage *passage, const char *rpc, const ProtobufCMessage *input, rpc_reply_fn *done);

/* Calls a method of the worker that was called last, whose answer nobody needs. Does not wait; any thread. */
void passage_tell(const struct passage *passage, const char *rpc, const ProtobufCMessage *input);

/* Cancels the query with the passage's query_id at all workers. Does not wait; any thread. */
void passage_cancel(const struct passage *passage);

/* After a call ended with this status: should another worker be tried? The next passage_call does so. */
bool passage_goes_on(struct passage *passage, const struct status *status);

/* The status to report for a call that ended so: the same one, or a more accurate one in the arena. */
const struct status *passage_outcome(const struct passage *passage, struct arena *arena, const struct status *status);

/* Ends the calls that wait for news, including streams; later ones are answered UNAVAILABLE. */
void bridge_end_polls(struct bridge *bridge);

/* Ends all calls, which answers their requests, and closes the channels. Takes a few seconds at most. Later requests
 * are answered UNAVAILABLE. */
void bridge_stop(struct bridge *bridge);

#endif
