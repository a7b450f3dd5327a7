/*
 * What the files of the server share: a request's way through the house, and the contexts that requests come by.
 */
#ifndef RPC_SERVER_PRIVATE_H
#define RPC_SERVER_PRIVATE_H

#include "rpc/guard.h"
#include "rpc/lanes.h"
#include "rpc/server.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#define SPARE_CONTEXTS 8 /* beyond those that lanes can hold: to refuse, and to answer at once */

enum step { STEP_RECEIVING, STEP_WORKING, STEP_UNDECIDED, STEP_DELAYED, STEP_SENDING };

/* A request's way through the house. */
struct visit {
    struct lane_job job; /* first, so that a job is its visit */
    struct rpc_server *server;
    nng_ctx context;
    nng_aio *aio;
    enum step step;
    uint32_t ticket; /* the guard's */
    struct arena *arena;
    struct rpc_request request;
    struct rpc_peer peer;
    struct principal principal;
    struct status refusal;             /* of one that is delayed: its code and message, */
    struct text refused;               /* and all of it, packed */
    size_t held;                       /* bytes of its payload, which are counted */
    unsigned char digest[SHA256_SIZE]; /* of a shared one: rpc_request_digest */
    struct rpc_place place;
    int64_t arrived; /* clock_us */
    int64_t deadline;
    struct visit *next;      /* of those that wait for their turn and may be followed, or of a leader's followers */
    struct visit *followers; /* to be answered as this one is */
};

struct rpc_server {
    nng_socket socket;
    struct guard *guard;
    struct lane *lanes[RPC_LANES];
    const struct rpc_service *services;
    size_t service_count;
    struct admission admission;
    struct rpc_witness witness;
    struct rpc_tally *tally;
    struct visit *visits;
    size_t most_visits;
    size_t visit_count;      /* whose contexts are open; under the mutex while requests come */
    atomic_size_t receiving; /* of them: those that wait for a request */
    bool is_closing;         /* no more are opened; under the mutex */
    atomic_size_t working;
    atomic_size_t held; /* bytes of the payloads in the house */
    atomic_bool stopping;
    pthread_mutex_t mutex;
    struct visit *leaders; /* shared ones that wait for their turn */
};

/* nng's callback, of each visit, which is its data. */
void visit_on_aio(void *data);

/* Waits for the next request by the visit's context. */
void visit_receive(struct visit *visit);

/* A visit does not wait any more: a request has come. Opens others where too few are left that do. */
void visit_received(struct visit *visit);

/* Contexts for a few requests, and room for as many as there may ever be; an error of nng's. visits_begin has them
 * wait. */
int visits_open(struct rpc_server *server, const struct rpc_server_options *options);
void visits_begin(struct rpc_server *server);

/* No request is taken any more, and none of the callbacks runs. Before the socket is closed. */
void visits_stop(struct rpc_server *server);

/* Behind it. */
void visits_free(struct rpc_server *server);

#endif
