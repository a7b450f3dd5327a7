/*
 * The links that the relay has made to the server, and whose they are; by them a handler learns that the client of its
 * request has gone, while the server's own end of the link is asleep.
 */
#ifndef BRIDGE_LINKS_H
#define BRIDGE_LINKS_H

#include "rpc/door.h"

#include <stdbool.h>

struct links;
struct link;

/* Called once when the client sends no more, on the relay's thread. It must not block, nor call anything of here. */
typedef void link_left(void *context);

struct links *links_new(void);
void links_free(struct links *links);

/* One that the server is about to be told of, by its descriptor; links_drop releases it. */
struct link *links_add(struct links *links, int fd, guest_name client);

/* The one of a descriptor that the server now has as a connection. */
struct link *links_take(struct links *links, int fd);
void links_drop(struct links *links, struct link *link);

guest_name link_client(const struct link *link);

/* Tells `left` when the link's client goes. False where it has gone: then nothing is watched. */
bool links_watch(struct links *links, struct link *link, link_left *left, void *context);

/* Behind it `left` is not called any more, nor under way. */
void links_unwatch(struct links *links, struct link *link);

/* A client sends no more. */
void links_gone(struct links *links, guest_name client);

#endif
