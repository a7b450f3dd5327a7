/*
 * A channel from within: its socket, the calls on it, and who may touch what. For channel.c and exchange.c alone.
 */
#ifndef RPC_SOCKET_H
#define RPC_SOCKET_H

#include "base/status.h"
#include "base/text.h"
#include "rpc/tls_link.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

/* How a call ended, before its bytes are looked at: on nng's thread. */
typedef void call_ended(struct text response, const struct status *status, void *data);

enum call_step { CALL_IDLE, CALL_SENDING, CALL_RECEIVING };

struct call {
    struct call *next; /* in the channel's list of all calls */
    struct call *next_free;
    struct rpc_channel *channel;
    nng_ctx context;
    nng_aio *aio;
    enum call_step step;
    atomic_bool is_poll;
    nng_duration connect_ms;
    int64_t deadline;
    call_ended *ended;
    void *data;
};

struct rpc_channel {
    nng_socket socket;
    pthread_mutex_t dialing; /* of the next two */
    nng_dialer dialer;
    int64_t dialed_at; /* clock_ms */
    char *url;
    struct tls_link *link; /* the way of a tls+tcp:// URL; NULL: nng goes itself */
    char *authorization;   /* of calls that have none of their own; NULL: none */
    atomic_size_t calls;
    atomic_size_t polls;     /* of the calls */
    atomic_size_t inside;    /* threads that begin a step and have not come back from nng; the call may have ended */
    atomic_int pipe;         /* the id of the connection that is up; 0: none */
    atomic_size_t answered;  /* calls that were, whatever the answer */
    atomic_size_t timed_out; /* calls that were not in time, with a connection */
    struct rpc_watch *watch; /* NULL: nobody looks after it */
    pthread_mutex_t mutex;
    atomic_bool closing;
    bool no_polls;
    struct call *all; /* grows only */
    struct call *free;
};

static inline bool channel_is_connected(const struct rpc_channel *channel)
{
    return atomic_load(&channel->pipe) != 0;
}

#endif
