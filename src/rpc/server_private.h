/*
 * What the files of the server share: the state of one request, and the nng contexts that requests arrive on.
 */
#ifndef RPC_SERVER_PRIVATE_H
#define RPC_SERVER_PRIVATE_H

#include "rpc/guard.h"
#include "rpc/lanes.h"
#include "rpc/server.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#define SPARE_CONTEXTS 8 /* beyond the capacity of the lanes: to refuse requests, and to answer at once */

enum step { STEP_RECEIVING, STEP_WORKING, STEP_UNDECIDED, STEP_DELAYED };

/* Whose part of the memory for payloads a request takes: callers that were let in, or callers not identified yet. */
enum share { SHARE_KNOWN, SHARE_UNDECIDED, SHARES };

/* One request, from its arrival to its answer; reused for the next one. */
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
    struct status refusal;             /* a delayed refusal: its code and message */
    struct text refused;               /* the same, packed */
    size_t held;                       /* counted bytes of its payload */
    enum share share;                  /* where they are counted */
    unsigned char digest[SHA256_SIZE]; /* of a shared method: rpc_request_digest */
    struct rpc_place place;
    int64_t arrived; /* clock_us */
    int64_t deadline;
    struct visit *next;      /* in the server's list of leaders, or in a leader's list of followers */
    struct visit *followers; /* equal requests that get this one's answer */
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
    size_t visit_count;      /* whose contexts are open; under the mutex once requests arrive */
    atomic_size_t receiving; /* those of them that wait for a request */
    bool is_closing;         /* no more contexts are opened; under the mutex */
    atomic_size_t working;
    atomic_size_t held[SHARES]; /* bytes of all payloads under way */
    atomic_bool stopping;
    pthread_mutex_t mutex;
    struct visit *leaders; /* shared requests that wait in a lane and that others may follow */
};

/* nng's callback; data is a visit. */
void visit_on_aio(void *data);

/* Waits for the next request on the visit's context. */
void visit_receive(struct visit *visit);

/* Notes that a visit has received a request. Opens more contexts if too few are left waiting. */
void visit_received(struct visit *visit);

/* Allocates room for all visits and opens the contexts of a few; returns nng's error or 0. visits_begin lets them
 * receive. */
int visits_open(struct rpc_server *server, const struct rpc_server_options *options);
void visits_begin(struct rpc_server *server);

/* Stops receiving and waits until no callback runs. Call it before the socket is closed. */
void visits_stop(struct rpc_server *server);

/* Frees the visits. Call it after the socket is closed. */
void visits_free(struct rpc_server *server);

#endif
