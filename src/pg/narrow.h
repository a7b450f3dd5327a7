/*
 * Limits how much the server can send at once. libpq reads a message into memory as fast as the server sends it,
 * however large it is, and offers no way to intervene. So we replace its socket by one end of a socket pair, and pass
 * the server's bytes to the other end in small pieces while we wait, and count them. TLS is not affected.
 */
#ifndef PG_NARROW_H
#define PG_NARROW_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct narrow;

/* Installs it on a connection; NULL if the system has no resources for it. From then on wait for the connection only
 * with narrow_wait. */
struct narrow *narrow_new(const PGconn *connection);

/* Waits like poll(2) until libpq has something to read, or can write if `events` says so. Returns false if the deadline
 * (clock_ms) has passed. Adds the number of bytes passed on to *came. */
bool narrow_wait(struct narrow *narrow, short events, int64_t deadline, size_t *came);

/* Gives the connection its own socket back, if it is still open. Returns false if bytes are left in the pair: then the
 * connection cannot be used any more. NULL is fine. */
bool narrow_free(struct narrow *narrow, const PGconn *connection);

#endif
