/*
 * The requests that are in the house, each with a number of ours, and where its reply goes.
 */
#ifndef RPC_TICKETS_H
#define RPC_TICKETS_H

#include "rpc/door.h"
#include "rpc/frames.h"
#include "rpc/peer.h"

#define TICKETS_MOST 4096

struct ticket {
    uint32_t number; /* never 0 */
    guest_name guest;
    bool is_wanted; /* the guest is there to be answered */
    struct rpc_peer peer;
    struct frame_route route;
};

struct tickets;

struct tickets *tickets_new(void);

/* NULL is fine. */
void tickets_free(struct tickets *tickets);

/* Keeps a copy under a number that is not used, and not soon again. Its own number is not looked at. 0 where there are
 * as many as there may be. */
uint32_t tickets_take(struct tickets *tickets, const struct ticket *ticket);

/* Takes one back: false where there is none of this number. */
bool tickets_give(struct tickets *tickets, uint32_t number, struct ticket *given);

/* Copies one; false where there is none of this number. Any thread. */
bool tickets_find(struct tickets *tickets, uint32_t number, struct ticket *found);

/* The guest has left: nobody wants its answers. */
void tickets_unwanted(struct tickets *tickets, guest_name guest);

#endif
