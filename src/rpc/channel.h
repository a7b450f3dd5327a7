/*
 * The client side of a call: a channel is a connection to one worker, over which any method of any service is called by
 * its descriptor. Knows nothing of any service.
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
 * A worker that dies in the middle of a call ends it at once with UNAVAILABLE; a request is never sent again behind the
 * caller's back (nng's resend ran a migration twice in a test: it is off on every socket).
 */
#ifndef RPC_CHANNEL_H
#define RPC_CHANNEL_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/envelope.h"
#include "rpc/tls_link.h"

#include <protobuf-c/protobuf-c.h>

struct rpc_channel;

/* A channel to tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH. Connects in the background and again after a loss; a
 * worker that is down is no error here. NULL and INVALID_ARGUMENT for a URL that is not one. */
struct rpc_channel *rpc_channel_open(const char *url, struct status *status);

/* How the worker is to be met, and by whom. */
struct rpc_access {
    const char *token;    /* sent with each call that has no authorization of its own; NULL: none; copied */
    struct tls_trust tls; /* of a tls+tcp:// URL; copied */
    bool is_watched;      /* it lives long: a connection that is stuck is made anew */
};

/* The same with that. */
struct rpc_channel *rpc_channel_open_with(const char *url, const struct rpc_access *access, struct status *status);

/* Ends the calls under way with CANCELLED, waits for their callbacks, releases all. Never from inside a callback. Takes
 * a few seconds at most: what does not end in time is left to the end of the process. NULL is fine. */
void rpc_channel_close(struct rpc_channel *channel);

/* For a process that ends now: a plain connection without a call under way is left to the system, which closes it at
 * once, where nng 1.5.2 takes 3 ms; any other is closed as above. The channel is not used any more. NULL is fine. */
void rpc_channel_leave(struct rpc_channel *channel);

/* Ends the polls under way with CANCELLED, and takes no more of them; other calls go on. */
void rpc_channel_end_polls(struct rpc_channel *channel);

/* The URL that it was opened with; borrowed. */
const char *rpc_channel_url(const struct rpc_channel *channel);

/* Calls under way, to choose the least busy of several channels. */
size_t rpc_channel_calls(const struct rpc_channel *channel);

/* True while a connection to the worker is up. */
bool rpc_channel_connected(const struct rpc_channel *channel);

struct rpc_call_options {
    uint32_t timeout_ms;         /* for the whole call; 0: none. Travels in the envelope too */
    uint32_t connect_timeout_ms; /* how long to wait for a connection before UNAVAILABLE; 0: 1000 */
    const char *request_id;      /* these five travel as metadata; NULL: none. Borrowed until the call's callback */
    const char *authorization;
    const char *traceparent;
    const char *idempotency_key;
    const char *forwarded_for; /* of a bridge: its client's address */
    bool needs_login;          /* to be refused by a worker that asks nobody for a login */
    bool is_poll;              /* it waits for news, and may be given up at any time: rpc_channel_end_polls */
    bool is_safe;              /* it may be asked twice: where there is no memory for its answer, "try again" is said */
    struct arena *arena; /* of rpc_call: where the reply is unpacked, to be used by nobody else until the callback;
                            NULL: one that goes with the callback */
};

/* What is called. All is borrowed until rpc_call returns, what the options point to until the callback. */
struct rpc_invocation {
    const ProtobufCServiceDescriptor *service;
    unsigned method; /* the index in the service's descriptor */
    const ProtobufCMessage *request;
    struct rpc_call_options options;
};

/* How a call ended. reply is NULL unless status->code is STATUS_OK. It lives in the options' arena, or until the
 * callback returns, as status does. */
typedef void rpc_reply_fn(const ProtobufCMessage *reply, const struct status *status, void *data);

/* Calls a method by its descriptor, asynchronously. request is packed before this returns. done is called exactly once,
 * on an nng thread (or at once, on this one, where packing or sending fails): it must not block. */
void rpc_call(struct rpc_channel *channel, const struct rpc_invocation *invocation, rpc_reply_fn *done, void *data);

/* The same, waiting for the answer, which is unpacked into the arena and lives as long as that. NULL where it failed;
 * status says why. Never from inside a callback. */
ProtobufCMessage *rpc_call_wait(struct rpc_channel *channel, const struct rpc_invocation *invocation,
                                struct arena *arena, struct status *status);

#endif
