/*
 * The guard in front of a server's REP socket. nng 1.5.2 allocates what a peer announces, has no limit of connections,
 * and loses a Unix listener to one misbehaving peer. So a door (door.h) faces the network; the guard takes the frames
 * apart with bounds and passes only complete requests to nng, within the process. Replies go to the door directly: a
 * large one would be copied, and any wakes four threads on its way through nng.
 *
 * It prepends four bytes to a request's body, its ticket, by which the server asks who sent the request and whether the
 * sender is still connected.
 */
#ifndef RPC_GUARD_H
#define RPC_GUARD_H

#include "rpc/door.h"
#include "rpc/peer.h"

#include <nng/nng.h>

struct guard;

struct guard_options {
    const char *const *urls;     /* as in struct door_options */
    const struct tls_files *tls; /* as in struct door_options */
    size_t most;                 /* requests that may be under way at once */
};

/* Listens on the URLs and forwards to the REP socket, which must not be closed before the guard. Returns NULL with a
 * status if a URL cannot be listened on. */
struct guard *guard_open(nng_socket server, const struct guard_options *wish, struct status *status);

/* The real URL of the index-th listener; NULL beyond the last. */
const char *guard_url(const struct guard *guard, size_t index);

/* Removes the ticket from a message that the REP socket has received, and returns it. */
uint32_t guard_take_ticket(nng_msg *message);

/* Fills in where a ticket's connection comes from; "?" if it is not known. Any thread. */
void guard_peer(struct guard *guard, uint32_t number, struct rpc_peer *peer);

/* Which guest sent the request of this ticket, and whether it is still connected. Any thread. */
guest_name guard_guest(struct guard *guard, uint32_t number);
bool guard_is_wanted(struct guard *guard, uint32_t number);

/* Sends the reply to the request of this ticket, if its guest is still connected. The bytes are in the arena, which is
 * freed when they have left. Any thread. */
void guard_answer(struct guard *guard, uint32_t number, struct arena *arena, struct text bytes);

/* Disconnects all and frees the guard. NULL is fine. */
void guard_free(struct guard *guard);

#endif
