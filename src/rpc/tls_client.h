/*
 * One connection to a server by TLS, as its client: TLS 1.2 at least, the server's certificate checked, and that it is
 * the certificate of this host. Does not block once it is open. For one thread.
 */
#ifndef RPC_TLS_CLIENT_H
#define RPC_TLS_CLIENT_H

#include "rpc/tls_link.h"

#include <sys/types.h>

#define TLS_CLIENT_TROUBLE 512

struct tls_client;

/* Can the files be used? Where not, why not. */
bool tls_client_can(const struct tls_trust *trust, char trouble[TLS_CLIENT_TROUBLE]);

/* Connects to "HOST:PORT", within a few seconds or until `stop` can be read. NULL where it cannot, and why. */
struct tls_client *tls_client_open(const char *address, const struct tls_trust *trust, int stop,
                                   char trouble[TLS_CLIENT_TROUBLE]);

/* As recv and send do it, errno included. */
ssize_t tls_client_read(struct tls_client *client, void *data, size_t size);
ssize_t tls_client_write(struct tls_client *client, const void *data, size_t size);

int tls_client_socket(const struct tls_client *client);

/* What its socket must be ready for before it goes on, beside new bytes: of POLLIN and POLLOUT. */
short tls_client_wants(const struct tls_client *client);

/* Why it came to its end before the server said anything, where the trouble is not known yet. NULL is fine. */
void tls_client_explain(const struct tls_client *client, char trouble[TLS_CLIENT_TROUBLE]);

void tls_client_close(struct tls_client *client); /* NULL is fine */

#endif
