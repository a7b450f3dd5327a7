/*
 * A channel's way to a worker by TLS. nng dials a socket of this process alone, and what goes in there comes out at the
 * worker, encrypted, and back. OpenSSL speaks, as in the worker's door: nng 1.5.2 has mbedTLS 2.28, which knows no IP
 * addresses in certificates, no TLS 1.3, and keeps to itself why it failed.
 *
 * The worker's certificate is always checked, and whether it is that of the host in the URL. Files are read for each
 * connection, so that new ones are used with the next.
 */
#ifndef RPC_TLS_LINK_H
#define RPC_TLS_LINK_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>

#define TLS_LINK_SCHEME "tls+tcp://"

/* Whom we trust and who we are; files in PEM, each may be NULL. */
struct tls_trust {
    const char *ca; /* the worker's certificate is of one of these authorities; NULL: of one that the system knows */
    const char *certificate; /* ours, for a worker that wants one */
    const char *key;         /* its key */
};

struct tls_link;

/* True for a URL that is met by such a link. */
bool tls_link_is_for(const char *url);

/* A link to tls+tcp://HOST:PORT, which connects when nng does. Copies what it is given. NULL and FAILED_PRECONDITION
 * where the files cannot be used, INTERNAL where there is no socket or thread to be had. */
struct tls_link *tls_link_open(const char *url, const struct tls_trust *trust, struct status *status);

/* What nng is to dial; borrowed. */
const char *tls_link_url(const struct tls_link *link);

/* Called on the link's thread where nobody has come for longer than nng waits between two tries (2 s), and again after
 * the same time: nng dials no more. Say it once, when nng has begun to dial. */
typedef void tls_link_idle(void *context);
void tls_link_on_idle(struct tls_link *link, tls_link_idle *idle, void *context);

/* Why the worker could not be met last, in the arena: "certificate verify failed (…)". NULL: it was met. Any thread. */
const char *tls_link_trouble(struct tls_link *link, struct arena *arena);

/* Ends the connection and releases everything; a thread that waits for the resolver is left to itself. NULL is fine. */
void tls_link_close(struct tls_link *link);

#endif
