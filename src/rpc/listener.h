/*
 * Where a server listens: TCP, and Unix sockets that heal. In nng 1.5.2 one connection that is closed before the
 * handshake kills a Unix listener for good (nng issue 1518): connections still succeed, and hang. So each is tried now
 * and then as a client would, and made anew where it does not answer.
 */
#ifndef RPC_LISTENER_H
#define RPC_LISTENER_H

#include "base/status.h"

#include <nng/nng.h>
#include <stddef.h>

/* The method that a listener asks itself for, to see that it is alive. Any answer will do. */
#define LISTENER_PROBE "/probe"

struct listeners;

/* Listens on each URL (NULL-terminated) for the socket. NULL and a status where one cannot be listened on. */
struct listeners *listeners_start(nng_socket socket, const char *const *urls, struct status *status);

/* The real URL of one; NULL beyond the last. */
const char *listeners_url(const struct listeners *listeners, size_t index);

/* Stops listening, which ends the connections too, and releases them. */
void listeners_free(struct listeners *listeners);

#endif
