/*
 * The guard in front of the HTTP server. It lets clients in (rpc/door.h), and passes a request on to the server only
 * when its head is whole and is what RFC 9112 has and no looser; the body follows as it comes, and the answer comes
 * back the same way. So the server never meets a client that says nothing, trickles, reads nothing, or sends what can
 * be read in two ways; libmicrohttpd 0.9.75 takes a blank before a header's colon, continued lines and a NUL in the
 * path, and has no place for a newcomer where the house is full of silent ones.
 *
 * A client has one request at the server at a time, by a link of its own: a socket pair, whose other end the server
 * takes for the client's connection.
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
    const struct proxies *proxies; /* who may say for whom they ask; NULL: nobody */
    /* Gives the server its end of a client's link; false where it takes none, which closes it. On the relay's thread.
     */
    bool (*connect)(void *context, guest_name client, int fd, const struct sockaddr *peer, socklen_t peer_size);
    /* A client sends no more, or has gone; it may be told of twice. What it is answered is thrown away or not: it may
     * have closed its sending half only. On the relay's thread. */
    void (*gone)(void *context, guest_name client);
    void *context;
};

/* Listens; clients come in with relay_start. NULL and a status where it cannot listen. */
struct relay *relay_open(const struct relay_options *options, struct status *status);

/* False where there is no thread to be had. */
bool relay_start(struct relay *relay);

/* "127.0.0.1:8787", with the real port; borrowed. */
const char *relay_address(const struct relay *relay);

/* True where only this machine can reach it. */
bool relay_is_local(const struct relay *relay);

/* Lets nobody in any more. */
void relay_shut(struct relay *relay);

/* The server has written the whole answer to a client's request; is_last: it takes no other by this link. Then no other
 * is passed on by a new one either. Any thread. */
void relay_served(struct relay *relay, guest_name client, bool is_last);

/* Ends all connections and releases everything. The server must have let go of its ends. NULL is fine. */
void relay_free(struct relay *relay);

#endif
