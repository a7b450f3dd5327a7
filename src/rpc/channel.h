/*
 * The client side of RPC: a channel is a connection to one worker, over which any method of any service is called by
 * its descriptor. It knows no particular service.
 *
 *     struct rpc_channel *channel = rpc_channel_open("tcp://127.0.0.1:8788", &status);
 *     const struct rpc_invocation invocation = {
 *         .service = &truss__migration__v1__migration_service__descriptor,
 *         .method = method,
 *         .request = &request.base,
 *         .options = {.timeout_ms = 5000},
 *     };
 *     reply = rpc_call_wait(channel, &invocation, arena, &status);
 *
 * If the worker dies during a call, the call ends at once with UNAVAILABLE. A request is never sent again behind the
 * caller's back: nng's resend ran a migration twice in a test, so it is off on every socket.
 */
#ifndef RPC_CHANNEL_H
#define RPC_CHANNEL_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/envelope.h"
#include "rpc/tls_link.h"

#include <protobuf-c/protobuf-c.h>

struct rpc_channel;

/* Opens a channel to tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH. It connects in the background and reconnects
 * after a loss, so a worker that is down is not an error here. Returns NULL and INVALID_ARGUMENT if the URL is invalid.
 */
struct rpc_channel *rpc_channel_open(const char *url, struct status *status);

/* How to connect to the worker, and as whom. */
struct rpc_access {
    const char *token;    /* sent with each call that has no authorization of its own; NULL: none; copied */
    struct tls_trust tls; /* for a tls+tcp:// URL; copied */
    bool is_watched;      /* for a long-lived channel: a stuck connection is replaced (watch.h) */
};

/* As rpc_channel_open, with this access. */
struct rpc_channel *rpc_channel_open_with(const char *url, const struct rpc_access *access, struct status *status);

/* Ends the calls under way with CANCELLED, waits for their callbacks and frees the channel. Do not call it from a
 * callback. It takes a few seconds at most; what does not end by then is left to the end of the process. NULL is
 * fine. */
void rpc_channel_close(struct rpc_channel *channel);

/* For a process that ends now: leaves a plain connection without calls to the kernel, which closes it at once (nng
 * 1.5.2 takes 3 ms). Any other channel is closed by rpc_channel_close. Do not use the channel afterwards. NULL is
 * fine. */
void rpc_channel_leave(struct rpc_channel *channel);

/* Ends the polls under way with CANCELLED and refuses new ones; other calls go on. */
void rpc_channel_end_polls(struct rpc_channel *channel);

/* The URL that the channel was opened with; borrowed. */
const char *rpc_channel_url(const struct rpc_channel *channel);

/* The number of calls under way, for choosing the least busy of several channels. */
size_t rpc_channel_calls(const struct rpc_channel *channel);

/* True while a connection to the worker is up. */
bool rpc_channel_connected(const struct rpc_channel *channel);

struct rpc_call_options {
    uint32_t timeout_ms;         /* of the worker, in the envelope; an answer is awaited a little longer. 0: none */
    uint32_t connect_timeout_ms; /* how long to wait for a connection before UNAVAILABLE; 0: 1000 */
    const char *request_id; /* this and the next four travel as metadata; NULL: none. Borrowed until the callback */
    const char *authorization;
    const char *traceparent;
    const char *idempotency_key;
    const char *forwarded_for; /* set by a bridge: the address of its client */
    bool needs_login;          /* a worker that requires no login must refuse this call */
    bool is_poll;              /* a long poll, which rpc_channel_end_polls may end at any time */
    bool is_safe;              /* may be repeated: if memory runs out for the answer, the status says "try again" */
    struct arena *arena; /* for rpc_call: the reply is unpacked here, and nobody else may use it until the callback;
                            NULL: an arena that is freed after the callback */
};

/* What to call. All of it is borrowed until rpc_call returns; what the options point to, until the callback. */
struct rpc_invocation {
    const ProtobufCServiceDescriptor *service;
    unsigned method; /* the index in the service's descriptor */
    const ProtobufCMessage *request;
    struct rpc_call_options options;
};

/* Receives the end of a call. reply is NULL unless status->code is STATUS_OK. reply and status live in options.arena,
 * or until the callback returns if that is NULL. */
typedef void rpc_reply_fn(const ProtobufCMessage *reply, const struct status *status, void *data);

/* Calls a method asynchronously. The request is packed before this returns. `done` is called exactly once: on an nng
 * thread, or on this thread before rpc_call returns if packing or sending fails. It must not block. */
void rpc_call(struct rpc_channel *channel, const struct rpc_invocation *invocation, rpc_reply_fn *done, void *data);

/* Calls a method and waits for the answer, which is unpacked into the arena. Returns NULL with a status if the call
 * failed. Do not call it from a callback. */
ProtobufCMessage *rpc_call_wait(struct rpc_channel *channel, const struct rpc_invocation *invocation,
                                struct arena *arena, struct status *status);

#endif
