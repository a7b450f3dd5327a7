/*
 * Opens the sockets that a server listens on, given their URLs.
 */
#ifndef RPC_ADDRESS_H
#define RPC_ADDRESS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_SIZE 160

/* URLs with this scheme are served with TLS. */
#define ADDRESS_TLS "tls+tcp://"

/* Listens on a URL: tcp://HOST:PORT or tls+tcp://HOST:PORT (handled alike here; HOST is a numeric address, in brackets
 * if it has colons, a name of this machine, or * for all), or ipc://PATH, which only the user of this process can open;
 * a stale socket file is replaced. Writes the resulting URL, with the real port, to `listened`. is_local: only this
 * machine can connect. Returns the descriptor, or -1 with a status that mentions --listen. */
int address_listen(const char *url, char listened[ADDRESS_SIZE], bool *is_local, struct status *status);

/* Returns a number that all connections of one machine share: the IPv4 address, or the network part of an IPv6 address;
 * 0 for a Unix socket. */
uint64_t address_key(const struct sockaddr_storage *address);

#endif
