/*
 * Looks after a channel that lives as long as its program. nng 1.5.2 dials no more where a connection by a Unix socket
 * ended at a certain moment of its greeting; and a peer that greeted and then says nothing any more, because it hangs
 * or the network lost it, keeps its connection for ever.
 */
#ifndef RPC_WATCH_H
#define RPC_WATCH_H

#include "base/status.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rpc_watch;

/* How a question was answered: no code but STATUS_OK where it was not. */
typedef void rpc_pulse_ended(struct text response, const struct status *status, void *data);

/* What is looked after. All functions are called by the watch's thread, with `channel`. */
struct rpc_watched {
    void *channel;
    const char *url; /* for the log */
    bool (*is_connected)(const void *channel);
    void (*dial_again)(void *channel);
    void (*give_up)(void *channel); /* closes the connection that is up */
    /* Asks something that is answered at once; `ended` is called exactly once where it is true. */
    bool (*pulse)(void *channel, uint32_t timeout_ms, rpc_pulse_ended *ended, void *data);
    const atomic_size_t *answered;  /* calls that were, whatever the answer */
    const atomic_size_t *timed_out; /* calls that were not in time, with a connection */
};

/* Begins to look after it. NULL where no thread can be had: then it is not looked after. */
struct rpc_watch *rpc_watch_new(const struct rpc_watched *watched);

/* Ends it, before the channel's socket is closed. False where its thread does not end in time: then the channel stays.
 * NULL is fine. */
bool rpc_watch_free(struct rpc_watch *watch);

#endif
