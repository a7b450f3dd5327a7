/*
 * The worker's side of a call: sockets, dispatch and threads. Answers many requests at once; handlers are the functions
 * of the generated service structs and may block, because they run on threads of ours and never on nng's.
 *
 * Each kind of request has a lane of threads of its own, so that a status does not wait for runs, a cancel not for
 * those who wait for news, and nobody's probe for any of them. Each lane is bounded; a request that finds its lane full
 * is answered UNAVAILABLE at once, with a time after which to try again. Expired requests are dropped (answered
 * DEADLINE_EXCEEDED) unserved. Of a method that is only read, equal requests that wait for their turn at the same
 * moment are answered by one.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "rpc/service.h"
#include "rpc/tally.h"

struct rpc_server;

struct rpc_server_options {
    const char *const *urls;     /* tcp://, tls+tcp:// or ipc://, NULL-terminated; port 0 takes a free one */
    const struct tls_files *tls; /* of who comes by tls+tcp://; NULL: there is no such URL */
    unsigned threads[RPC_LANES]; /* the most threads of each lane; started as needed, ended when idle */
    unsigned queue[RPC_LANES];   /* the most requests that wait in each lane */
    rpc_gate *gate;              /* NULL: everybody is anonymous and has every scope */
    void *gate_context;
    const struct rpc_witness *witness; /* NULL: none; borrowed */
    struct environment environment;    /* its name, NULL: none, is in the scopes that are told to be missing */
    struct rpc_tally *tally;           /* counts the calls; NULL: nobody does; borrowed */
};

/* Listens and serves until rpc_server_stop. services is an array of count, borrowed. NULL and a status where a URL is
 * not one or cannot be listened on ("Address already in use" says which and what to do). */
struct rpc_server *rpc_server_start(const struct rpc_server_options *options, const struct rpc_service *services,
                                    size_t count, struct status *status);

/* The URL that the index-th listener really has (port 0 resolved), borrowed; NULL beyond the last. */
const char *rpc_server_url(const struct rpc_server *server, size_t index);

/* Is no request being worked on? */
bool rpc_server_is_idle(const struct rpc_server *server);

/* Takes no more requests, waits up to grace_ms for those under way, then releases everything; what nng does not close
 * in three seconds (close_in_time) is logged and left to the end of the process. Returns false where some requests were
 * still running (the process should exit without touching the rest). */
bool rpc_server_stop(struct rpc_server *server, uint32_t grace_ms);

#endif
