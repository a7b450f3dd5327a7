/*
 * A watch on clients that send a byte at a time: each connection has a moment until which what it is sending must have
 * come, and is shut when it passes. libmicrohttpd's own time-out is for silence only.
 */
#ifndef BRIDGE_GUARD_H
#define BRIDGE_GUARD_H

#include <stdint.h>

struct guard;
struct guarded;

struct guard *guard_new(void);
void guard_free(struct guard *guard);

/* A connection begins: its headers must come. */
struct guarded *guard_add(struct guard *guard, int fd);
void guard_remove(struct guard *guard, struct guarded *guarded);

/* What is waited for now: the next request's headers; a body of this size (0 where it is not known); nothing. NULL is
 * fine. */
void guard_headers(struct guarded *guarded);
void guard_body(struct guarded *guarded, uint64_t size);
void guard_rest(struct guarded *guarded);

#endif
