/*
 * The server side of RPC: sockets, dispatch and threads. It answers many requests at once; handlers may block, because
 * they run on threads of their own and never on that of the connections.
 *
 * Each kind of request has a lane with threads of its own: a status does not wait for runs, a cancel does not wait for
 * long polls, and a health probe waits for neither. Each lane is bounded; a request that finds its lane full is
 * answered at once with UNAVAILABLE and a time after which to try again. An expired request is answered
 * DEADLINE_EXCEEDED without being served. Equal requests for a read-only method that wait at the same time are answered
 * by one call.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "rpc/service.h"
#include "rpc/tally.h"

struct rpc_server;

struct rpc_server_options {
    const char *const *urls;     /* tcp://, tls+tcp:// or ipc://, NULL-terminated; port 0 takes a free one */
    const struct tls_files *tls; /* for tls+tcp:// URLs; NULL: there are none */
    unsigned threads[RPC_LANES]; /* the most threads of each lane; started as needed, ended when idle */
    unsigned queue[RPC_LANES];   /* the most requests that wait in each lane */
    rpc_gate *gate;              /* authenticates; NULL: everybody is anonymous and has every scope */
    void *gate_context;
    rpc_gate_waits *gate_waits;        /* NULL: the gate never waits */
    const struct rpc_witness *witness; /* NULL: none; borrowed */
    struct environment environment;    /* its name (NULL: none) is in the message about a missing scope */
    struct rpc_tally *tally;           /* counts the calls; NULL: nothing is counted; borrowed */
};

/* Listens and serves until rpc_server_stop. services is an array of `count`, borrowed. Returns NULL with a status if a
 * URL is invalid or cannot be listened on (for "Address already in use" it says which address, and what to do). */
struct rpc_server *rpc_server_start(const struct rpc_server_options *options, const struct rpc_service *services,
                                    size_t count, struct status *status);

/* The URL that the index-th listener really has (port 0 resolved), borrowed; NULL beyond the last. */
const char *rpc_server_url(const struct rpc_server *server, size_t index);

/* Is no request being processed? */
bool rpc_server_is_idle(const struct rpc_server *server);

/* Stops accepting requests, waits up to grace_ms for those under way, then frees everything. Returns false if requests
 * were still running: the process should then exit without touching what they use. */
bool rpc_server_stop(struct rpc_server *server, uint32_t grace_ms);

#endif
