/*
 * The socket that the bridge listens on.
 */
#ifndef BRIDGE_SOCKET_H
#define BRIDGE_SOCKET_H

#include "base/status.h"

#include <stdbool.h>

#define SOCKET_ADDRESS_SIZE 80

/* Listens on "ADDRESS:PORT" with a numeric address ("127.0.0.1:8787", "[::1]:0") or "localhost:PORT"; writes the
 * address that it has, with the real port. The descriptor, or -1 and a status. */
int socket_listen(const char *listen, char address[SOCKET_ADDRESS_SIZE], bool *is_loopback, struct status *status);

void socket_close(int fd);

#endif
