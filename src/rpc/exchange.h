/*
 * Sends bytes to a worker and receives bytes back over a channel's socket. call.c packs messages for it; channel.c
 * sends its pulse with it.
 */
#ifndef RPC_EXCHANGE_H
#define RPC_EXCHANGE_H

#include "rpc/socket.h"

struct exchange {
    uint32_t timeout_ms;         /* for the whole exchange; 0: none */
    uint32_t connect_timeout_ms; /* how long to wait for a connection before UNAVAILABLE; 0: 1000 */
    bool is_poll;                /* may be ended by rpc_channel_end_polls */
    call_ended *ended;           /* called exactly once, on nng's thread */
    void *data;                  /* for `ended` */
};

/* Sends a packed request, which is copied. If it returns true, `ended` is called, possibly before this returns. If it
 * returns false, `ended` is never called; the status is UNAVAILABLE (no memory) or CANCELLED (the channel is being
 * closed). */
bool exchange_start(struct rpc_channel *channel, struct text request, const struct exchange *exchange,
                    struct status *status);

#endif
