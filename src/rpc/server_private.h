/*
 * The state of the server, and of one request.
 */
#ifndef RPC_SERVER_PRIVATE_H
#define RPC_SERVER_PRIVATE_H

#include "rpc/guard.h"
#include "rpc/lanes.h"
#include "rpc/server.h"

#include <pthread.h>
#include <stdatomic.h>

/* Whose part of the memory for payloads a request takes: callers that were let in, or callers not identified yet. */
enum share { SHARE_KNOWN, SHARE_UNDECIDED, SHARES };

/* One request, from its arrival to its answer. */
struct visit {
    struct lane_job job; /* first, so that a job is its visit */
    struct rpc_server *server;
    uint32_t ticket; /* the guard's */
    struct arena *arena;
    struct rpc_request request;
    struct rpc_peer peer;
    struct principal principal;
    struct door_job later; /* while it waits: to be answered with the refusal, or for the gate to be asked again */
    uint32_t later_ms;     /* how long */
    bool is_refused;
    struct status refusal;             /* its code and message */
    struct text refused;               /* the same, packed */
    struct shared_bytes *kept;         /* the answer, if the handler has it from elsewhere */
    size_t held;                       /* counted bytes of its payload */
    enum share share;                  /* where they are counted */
    unsigned char digest[SHA256_SIZE]; /* of a shared method: rpc_request_digest */
    struct rpc_place place;
    int64_t arrived; /* clock_us */
    int64_t deadline;
    struct visit *next;      /* among the server's that wait or that lead, or a leader's followers */
    struct visit *followers; /* equal requests that get this one's answer */
};

struct rpc_server {
    struct guard *guard;
    struct lane *lanes[RPC_LANES];
    struct lane *gate; /* where the gate may wait; NULL: it never does */
    const struct rpc_service *services;
    size_t service_count;
    struct admission admission;
    struct rpc_witness witness;
    struct rpc_tally *tally;
    atomic_size_t working;      /* requests that are being let in, or are in their lanes */
    atomic_size_t held[SHARES]; /* bytes of all payloads under way */
    atomic_bool stopping;
    struct visit *waiting; /* of the guard's thread: those that wait for their refusal or for the gate */
    pthread_mutex_t mutex;
    struct visit *leaders; /* shared requests that wait in a lane and that others may follow; under the mutex */
};

/* ---- letting in (visit.c) ---- */

/* The guard's receiver. */
void visit_receive(void *context, uint32_t ticket, struct text bytes);

/* The bytes of its payload are not counted any more. */
void visit_let_go(struct visit *visit);

/* ---- answering (server.c) ---- */

/* Is it to be begun now? False with a status if nobody wants its answer any more, or its time is over. */
bool visit_is_in_time(const struct visit *visit, bool has_takers, struct status *status);

/* What its handler, or the witness, is told. */
struct rpc_call visit_call(struct visit *visit, struct status *status);

/* Answers with the failure, which is packed already, and frees the visit. */
void visit_refuse(struct visit *visit, const struct status *status, struct text packed);

/* Puts it into its method's lane, or refuses it. It is counted in `working` until it is answered. */
void visit_enter_lane(struct visit *visit);

#endif
