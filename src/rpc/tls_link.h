/*
 * A channel's TLS connection to a worker. nng dials a socket that only this process can use; a thread forwards its
 * bytes to the worker, encrypted, and back. The TLS is OpenSSL's, as in the worker's door: nng 1.5.2 has mbedTLS 2.28,
 * which knows neither IP addresses in certificates nor TLS 1.3, and does not tell why it failed.
 *
 * The worker's certificate is always checked, and that it is issued for the host in the URL. The files are read for
 * each connection, so that a new certificate is used from the next one on.
 */
#ifndef RPC_TLS_LINK_H
#define RPC_TLS_LINK_H

#include "base/arena.h"
#include "base/status.h"
#include "rpc/tls_trust.h"

#include <stdbool.h>

#define TLS_LINK_SCHEME "tls+tcp://"

struct tls_link;

/* Does this URL need such a link? */
bool tls_link_is_for(const char *url);

/* Makes a link to tls+tcp://HOST:PORT, which connects when nng does. Copies its arguments. Returns NULL and
 * FAILED_PRECONDITION if the files cannot be used, INTERNAL if no socket or thread can be had. */
struct tls_link *tls_link_open(const char *url, const struct tls_trust *trust, struct status *status);

/* The URL that nng must dial; borrowed. */
const char *tls_link_url(const struct tls_link *link);

/* Called on the link's thread if nng has not connected for longer than it waits between two attempts (2 s), and again
 * after each such time: nng has stopped dialing. Set it once, after nng has begun to dial. */
typedef void tls_link_idle(void *context);
void tls_link_on_idle(struct tls_link *link, tls_link_idle *idle, void *context);

/* Why the last connection to the worker failed ("certificate verify failed (…)"), in the arena; NULL if it did not. Any
 * thread. */
const char *tls_link_trouble(struct tls_link *link, struct arena *arena);

/* Is a connection to the worker being made: has it not yet failed, nor greeted by nng's protocol? Any thread. */
bool tls_link_is_greeting(struct tls_link *link);

/* Ends the connection and frees everything; a thread that waits for the resolver is abandoned. NULL is fine. */
void tls_link_close(struct tls_link *link);

#endif
