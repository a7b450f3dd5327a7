/*
 * A TLS connection to a server, as its client: TLS 1.2 or newer; the server's certificate is checked, and that it is
 * issued for this host. Non-blocking once it is open. For one thread.
 */
#ifndef RPC_TLS_CLIENT_H
#define RPC_TLS_CLIENT_H

#include "rpc/tls_trust.h"

#include <stdbool.h>
#include <sys/types.h>

#define TLS_CLIENT_TROUBLE 512

struct tls_client;

/* Checks that the files can be used; false with the reason in `trouble`. */
bool tls_client_can(const struct tls_trust *trust, char trouble[TLS_CLIENT_TROUBLE]);

/* Connects to "HOST:PORT" and does the handshake, for a few seconds at most or until `stop` becomes readable. Returns
 * NULL with the reason in `trouble`. */
struct tls_client *tls_client_open(const char *address, const struct tls_trust *trust, int stop,
                                   char trouble[TLS_CLIENT_TROUBLE]);

/* As recv and send, errno included. */
ssize_t tls_client_read(struct tls_client *client, void *data, size_t size);
ssize_t tls_client_write(struct tls_client *client, const void *data, size_t size);

int tls_client_socket(const struct tls_client *client);

/* The events (POLLIN, POLLOUT) for which its socket must be ready before it can continue, besides new input. */
short tls_client_wants(const struct tls_client *client);

/* Writes to `trouble` why the connection ended before the server sent anything, unless `trouble` says something
 * already. NULL is fine. */
void tls_client_explain(const struct tls_client *client, char trouble[TLS_CLIENT_TROUBLE]);

void tls_client_close(struct tls_client *client); /* NULL is fine */

#endif
