/*
 * The server's end of the connections, in place of a REP socket. nng 1.5.2 allocates what a peer announces, has no
 * limit of connections, and loses a Unix listener to one misbehaving peer. So a door (door.h) faces the network; the
 * guard takes the frames apart with bounds and passes only complete requests on. nng's socket, which it had behind it
 * until 2026-12, within the process, woke two more threads for each request.
 *
 * Each request has a ticket, a number by which the server asks who sent the request and whether the sender is still
 * connected, and with which it answers.
 */
#ifndef RPC_GUARD_H
#define RPC_GUARD_H

#include "base/shared_bytes.h"
#include "rpc/door.h"
#include "rpc/peer.h"

struct guard;

/* Takes a complete request; its bytes are borrowed. Runs on the door's thread: it must not wait. */
typedef void guard_receiver(void *context, uint32_t ticket, struct text body);

struct guard_options {
    const char *const *urls;     /* as in struct door_options */
    const struct tls_files *tls; /* as in struct door_options */
    size_t most;                 /* requests that may be under way at once */
    guard_receiver *receive;
    void *context; /* its first argument */
};

/* Listens on the URLs. Returns NULL with a status if one cannot be listened on. */
struct guard *guard_open(const struct guard_options *wish, struct status *status);

/* Begins to receive. Returns false with a status if there is no thread for that. */
bool guard_begin(struct guard *guard, struct status *status);

/* The real URL of the index-th listener; NULL beyond the last. */
const char *guard_url(const struct guard *guard, size_t index);

/* Fills in where a ticket's connection comes from; "?" if it is not known. Any thread. */
void guard_peer(struct guard *guard, uint32_t number, struct rpc_peer *peer);

/* Which guest sent the request of this ticket, and whether it is still connected. Any thread. */
guest_name guard_guest(struct guard *guard, uint32_t number);
bool guard_is_wanted(struct guard *guard, uint32_t number);

/* Sends the reply to the request of this ticket, if its guest is still connected. Takes over the caller's hold on it.
 * Any thread. */
void guard_answer(struct guard *guard, uint32_t number, struct shared_bytes *bytes);

/* As door_post. Any thread. */
void guard_post(struct guard *guard, struct door_job *job);

/* As door_post_in. On the door's thread. */
void guard_post_in(struct guard *guard, struct door_job *job, uint32_t ms);

/* Disconnects all and frees the guard. NULL is fine. */
void guard_free(struct guard *guard);

#endif
