/*
 * The links that the relay has made to the server, and their clients. Through them a handler learns that the client of
 * its request has gone, while the server's end of the link is suspended.
 */
#ifndef BRIDGE_LINKS_H
#define BRIDGE_LINKS_H

#include "rpc/door.h"

#include <stdbool.h>

struct links;
struct link;

/* Called once, on the relay's thread, when the client sends no more. It must not block, and must not call functions of
 * this file. */
typedef void link_left(void *context);

struct links *links_new(void);
void links_free(struct links *links);

/* Registers a link by its descriptor before the server gets it; release it with links_drop. */
struct link *links_add(struct links *links, int fd, guest_name client);

/* Finds the link of a descriptor that the server now has as a connection. */
struct link *links_take(struct links *links, int fd);
void links_drop(struct links *links, struct link *link);

guest_name link_client(const struct link *link);

/* Calls `left` when the link's client goes. Returns false if it has gone already: then nothing is watched. */
bool links_watch(struct links *links, struct link *link, link_left *left, void *context);

/* Stops watching. Afterwards `left` is neither called nor running. */
void links_unwatch(struct links *links, struct link *link);

/* Notes that a client sends no more. */
void links_gone(struct links *links, guest_name client);

#endif
