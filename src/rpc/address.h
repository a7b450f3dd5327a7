/*
 * Sockets that a server listens on, by their URL.
 */
#ifndef RPC_ADDRESS_H
#define RPC_ADDRESS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_SIZE 160

/* The scheme of addresses where guests speak TLS. */
#define ADDRESS_TLS "tls+tcp://"

/* Listens on tcp://HOST:PORT or tls+tcp://HOST:PORT, which is the same here (a numeric host in brackets where it has
 * colons, a name of this machine, or * for all) or ipc://PATH (for the user of this process only; a path that nobody
 * serves any more is taken over). Writes the URL that it has, with the real port. The descriptor, or -1 and a status
 * that speaks of --listen. */
int address_listen(const char *url, char listened[ADDRESS_SIZE], bool *is_local, struct status *status);

/* What connections of one machine have in common: an IPv4 address, or the network part of an IPv6 one; 0 for a Unix
 * socket. */
uint64_t address_key(const struct sockaddr_storage *address);

#endif
