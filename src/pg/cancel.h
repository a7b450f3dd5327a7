/*
 * Asks the server to cancel the statement that a connection waits for. Bounded: it never waits longer than told.
 */
#ifndef PG_CANCEL_H
#define PG_CANCEL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns true if the server accepted the request within `ms`; the statement may still finish normally. */
bool pg_cancel_send(PGconn *connection, uint32_t ms);

#endif
