/*
 * The requests that the server has accepted, each with a number of our own, and where its reply goes.
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
    bool is_wanted; /* the guest is still connected */
    struct rpc_peer peer;
    struct frame_route route;
};

struct tickets;

struct tickets *tickets_new(void);

/* NULL is fine. */
void tickets_free(struct tickets *tickets);

/* Keeps a copy of the ticket under an unused number (ticket->number is ignored) and returns it; 0 if TICKETS_MOST are
 * kept. A freed number is not reused soon. */
uint32_t tickets_take(struct tickets *tickets, const struct ticket *ticket);

/* Removes the ticket of this number and copies it to `given`; false if there is none. */
bool tickets_give(struct tickets *tickets, uint32_t number, struct ticket *given);

/* Copies the ticket of this number; false if there is none. Any thread. */
bool tickets_find(struct tickets *tickets, uint32_t number, struct ticket *found);

/* Marks the tickets of a guest that has disconnected as no longer wanted. */
void tickets_unwanted(struct tickets *tickets, guest_name guest);

#endif
