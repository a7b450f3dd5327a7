/*
 * Bytes to a worker and bytes back, over a channel's socket: what call.c packs messages for, and channel.c a pulse.
 */
#ifndef RPC_EXCHANGE_H
#define RPC_EXCHANGE_H

#include "rpc/socket.h"

struct exchange {
    uint32_t timeout_ms;         /* for the whole of it; 0: none */
    uint32_t connect_timeout_ms; /* how long to wait for a connection before UNAVAILABLE; 0: 1000 */
    bool is_poll;                /* may be ended with the channel's polls */
    call_ended *ended;           /* exactly once, on nng's thread */
    void *data;                  /* borrowed until then */
};

/* Sends a packed request, which is copied. Where this is true the end is told, later or before this returns; where it
 * is false it never is: UNAVAILABLE without memory, CANCELLED where the channel is being closed. */
bool exchange_start(struct rpc_channel *channel, struct text request, const struct exchange *exchange,
                    struct status *status);

#endif
