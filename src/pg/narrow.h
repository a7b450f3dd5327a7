/*
 * A narrow way between libpq and the server. libpq reads a message into memory as fast as the server sends it, however
 * large it is, and nobody can look in between. So its socket becomes one end of a pair, and the server's bytes are put
 * into the other end in small pieces by who waits, who counts them. What is encrypted stays so on this way.
 */
#ifndef PG_NARROW_H
#define PG_NARROW_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct narrow;

/* Puts one before the socket of a connection; NULL where the system has no room for it. The connection must not be
 * waited for but by narrow_wait as long as it is there. */
struct narrow *narrow_new(const PGconn *connection);

/* Waits as poll(2) does until libpq has something to read, or room to write where `events` wants that. False when the
 * deadline (clock_ms units) has passed. *came grows by what was let through. */
bool narrow_wait(struct narrow *narrow, short events, int64_t deadline, size_t *came);

/* Gives the connection its socket back, where it is still open. False where bytes are left on the way: then it cannot
 * be used any more. NULL: nothing is done. */
bool narrow_free(struct narrow *narrow, const PGconn *connection);

#endif
