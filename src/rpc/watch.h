/*
 * Watches over the connection of a long-lived channel. nng 1.5.2 stops dialing if a Unix socket's connection ends at a
 * certain moment of its greeting; and it keeps a connection for ever whose peer hangs, or which the network has lost.
 */
#ifndef RPC_WATCH_H
#define RPC_WATCH_H

#include "base/status.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rpc_watch;

/* Receives the answer to a pulse; status->code is STATUS_OK only if there was one. */
typedef void rpc_pulse_ended(struct text response, const struct status *status, void *data);

/* The channel to watch. All functions are called on the watch's thread, with `channel`. */
struct rpc_watched {
    void *channel;
    const char *url; /* for the log */
    bool (*is_connected)(const void *channel);
    void (*dial_again)(void *channel);
    void (*give_up)(void *channel); /* closes the current connection */
    /* Asks something that every worker answers at once. If it returns true, `ended` is called exactly once. */
    bool (*pulse)(void *channel, uint32_t timeout_ms, rpc_pulse_ended *ended, void *data);
    const atomic_size_t *answered;  /* calls that got an answer, whatever it was */
    const atomic_size_t *timed_out; /* calls that timed out although connected */
};

/* Starts watching. Returns NULL if no thread can be had: then nobody watches. */
struct rpc_watch *rpc_watch_new(const struct rpc_watched *watched);

/* Stops watching; call it before the channel's socket is closed. Returns false if the thread does not end in time: then
 * the channel must not be freed. NULL is fine. */
bool rpc_watch_free(struct rpc_watch *watch);

#endif
