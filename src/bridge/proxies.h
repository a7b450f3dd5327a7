/*
 * Reverse proxies in front of the bridge, which the operator has named: whose request a proxy hands on is read of the
 * header that it writes. Nobody else's word is believed. Knows nothing of sockets.
 */
#ifndef BRIDGE_PROXIES_H
#define BRIDGE_PROXIES_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <sys/socket.h>

struct proxies;

/* Reads a list of addresses and networks: "127.0.0.1,10.0.0.0/8,2001:db8::/32". header: the one that all of them write,
 * "x-forwarded-for" or "forwarded" (RFC 7239); the other one is not looked at, because a client may have written it
 * itself. In the arena; NULL and INVALID_ARGUMENT where the list is none. */
struct proxies *proxies_read(struct arena *arena, const char *list, const char *header, struct status *status);

/* Is this the address of one of them? False where proxies is NULL. */
bool proxies_have(const struct proxies *proxies, const struct sockaddr *address);

/* The header that is looked at, and the one that says whether the client came by HTTPS. */
const char *proxies_header(const struct proxies *proxies);
const char *proxies_scheme_header(const struct proxies *proxies);

/* Who asks, as the header says (all its values as one list with commas): the last of the list that is no proxy of ours.
 * What stands in front of that one he may have written himself. False where the list does not say. */
bool proxies_client(const struct proxies *proxies, struct text list, struct sockaddr_storage *client);

/* True where the last proxy says that its client came by HTTPS; list: as proxies_scheme_header has it. */
bool proxies_by_https(const struct proxies *proxies, struct text list);

#endif
