/*
 * The internals of a channel: its socket and the calls on it. For channel.c and exchange.c only.
 */
#ifndef RPC_SOCKET_H
#define RPC_SOCKET_H

#include "base/status.h"
#include "base/text.h"
#include "rpc/tls_link.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

/* Receives the end of an exchange, with the response not yet unpacked. Runs on nng's thread. */
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
    int64_t connect_until; /* clock_ms: how long a connection that is being made is waited for */
    int64_t deadline;
    call_ended *ended;
    void *data;
};

struct rpc_channel {
    nng_socket socket;
    pthread_mutex_t dialing; /* protects the next two */
    nng_dialer dialer;
    int64_t dialed_at; /* clock_ms */
    char *url;
    struct tls_link *link; /* carries a tls+tcp:// URL; NULL: nng connects itself */
    char *authorization;   /* sent with calls that have none of their own; NULL: none */
    atomic_size_t calls;
    atomic_size_t polls;     /* those of them that are polls */
    atomic_size_t inside;    /* threads inside nng to start a step; the step's call may already have ended */
    atomic_int pipe;         /* the id of the current connection; 0: none */
    atomic_size_t answered;  /* calls that got an answer, whatever it was */
    atomic_size_t timed_out; /* calls that timed out although connected */
    struct rpc_watch *watch; /* NULL: the channel is not watched */
    pthread_mutex_t mutex;
    atomic_bool closing;
    bool no_polls;
    struct call *all; /* never shrinks */
    struct call *free;
};

static inline bool channel_is_connected(const struct rpc_channel *channel)
{
    return atomic_load(&channel->pipe) != 0;
}

#endif
