/*
 * The guard in front of a server's REP socket. nng 1.5.2 allocates what a peer announces, has no limit of connections,
 * and loses a Unix listener to one rude guest; so the network is behind a door (door.h), which takes the scalability
 * protocol's frames apart with bounds, and only whole requests go on to nng, within the process. Replies come back the
 * same way.
 *
 * A request's body has four bytes in front, its ticket: by it the server asks who sent it and whether he is still
 * there.
 */
#ifndef RPC_GUARD_H
#define RPC_GUARD_H

#include "rpc/door.h"
#include "rpc/peer.h"

#include <nng/nng.h>

#define GUARD_TICKET_SIZE 4

struct guard;

struct guard_options {
    const char *const *urls;     /* as of a door */
    const struct tls_files *tls; /* likewise */
    size_t most;                 /* requests that may be in the house */
};

/* Listens for the REP socket, which must not be closed before the guard. NULL and a status where a URL cannot be
 * listened on. */
struct guard *guard_open(nng_socket server, const struct guard_options *wish, struct status *status);

/* The real URL of one; NULL beyond the last. */
const char *guard_url(const struct guard *guard, size_t index);

/* Takes the ticket off a message that the REP socket has received. */
uint32_t guard_take_ticket(nng_msg *message);

/* Where a ticket's connection comes from; "?" where nothing is known of it. Any thread. */
void guard_peer(struct guard *guard, uint32_t number, struct rpc_peer *peer);

/* Whose request it is, and whether he is still there to be answered. Any thread. */
guest_name guard_guest(struct guard *guard, uint32_t number);
bool guard_is_wanted(struct guard *guard, uint32_t number);

/* Lets all go and releases everything. NULL is fine. */
void guard_free(struct guard *guard);

#endif
