/*
 * Reverse proxies in front of the bridge, named by the operator: the client of a proxy's request is read from the
 * header that the proxy writes. Others' headers are ignored. Knows no sockets.
 */
#ifndef BRIDGE_PROXIES_H
#define BRIDGE_PROXIES_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <sys/socket.h>

struct proxies;

/* Reads a list of addresses and networks, "127.0.0.1,10.0.0.0/8,2001:db8::/32", into the arena. header: the one that
 * all of them write, "x-forwarded-for" or "forwarded" (RFC 7239); the other is ignored, because a client may have
 * written it. NULL and INVALID_ARGUMENT if the list is invalid. */
struct proxies *proxies_read(struct arena *arena, const char *list, const char *header, struct status *status);

/* Is this the address of one of them? False if proxies is NULL. */
bool proxies_have(const struct proxies *proxies, const struct sockaddr *address);

/* The header that names the client, and the one that tells whether it used HTTPS. */
const char *proxies_header(const struct proxies *proxies);
const char *proxies_scheme_header(const struct proxies *proxies);

/* Finds the client in the header (all its values as one list with commas): the last entry that is no proxy of ours.
 * Entries before it may be forged. Returns false if the list does not tell. */
bool proxies_client(const struct proxies *proxies, struct text list, struct sockaddr_storage *client);

/* Does the last proxy say that its client used HTTPS? list: the values of proxies_scheme_header. */
bool proxies_by_https(const struct proxies *proxies, struct text list);

#endif
