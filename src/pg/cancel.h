/*
 * Asks the server to end the statement that a connection waits for, and never waits for that longer than told.
 */
#ifndef PG_CANCEL_H
#define PG_CANCEL_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* True where the server has taken the request within `ms`; what becomes of the statement is another matter. */
bool pg_cancel_send(PGconn *connection, uint32_t ms);

#endif
