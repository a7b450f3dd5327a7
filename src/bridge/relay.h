/*
 * The guard in front of the HTTP server. It accepts clients (rpc/door.h), and passes a request to the server only when
 * its head is complete and strictly conforms to RFC 9112; the body follows as it arrives, and the answer comes back the
 * same way. So the server never meets a client that says nothing, sends or reads slowly, or sends something ambiguous.
 * libmicrohttpd 0.9.75 accepts a blank before a header's colon, continued lines and a NUL in the path, and has no room
 * for a newcomer when silent clients fill it.
 *
 * A client has one request at the server at a time, through a link of its own: a socket pair whose other end is the
 * client's connection to the server.
 */
#ifndef BRIDGE_RELAY_H
#define BRIDGE_RELAY_H

#include "base/status.h"
#include "bridge/proxies.h"
#include "rpc/door.h"

struct relay;

struct relay_options {
    const char *listen;            /* "127.0.0.1:8787" */
    const struct tls_files *tls;   /* HTTPS; NULL: HTTP */
    const struct proxies *proxies; /* trusted to name their clients; NULL: none */
    /* Gives the server its end of a client's link; returns false if the server refuses and closes it. On the relay's
     * thread. */
    bool (*connect)(void *context, guest_name client, int fd, const struct sockaddr *peer, socklen_t peer_size);
    /* A client sends no more, or has disconnected; may be called twice. It may still read its answer if it closed only
     * its sending half. On the relay's thread. */
    void (*gone)(void *context, guest_name client);
    void *context;
};

/* Listens; clients are accepted from relay_start on. NULL with a status if it cannot listen. */
struct relay *relay_open(const struct relay_options *options, struct status *status);

/* Returns false if there is no thread to be had. */
bool relay_start(struct relay *relay);

/* "127.0.0.1:8787", with the real port; borrowed. */
const char *relay_address(const struct relay *relay);

/* Can only this machine connect? */
bool relay_is_local(const struct relay *relay);

/* Accepts no more clients. */
void relay_shut(struct relay *relay);

/* The server has written the whole answer to a client's request. is_last: it takes no other request on this link, and
 * none of this client on a new link. Any thread. */
void relay_served(struct relay *relay, guest_name client, bool is_last);

/* Soon closes the connections of all clients that have taken nothing of their answers for two seconds. Any thread. */
void relay_drop_stalled(struct relay *relay);

/* Ends all connections and frees everything. The server must have closed its ends. NULL is fine. */
void relay_free(struct relay *relay);

#endif
