/*
 * What may leave the worker: error messages without values, SQL or names of sessions.
 */
#ifndef WORKER_TELEMETRY_SAFE_H
#define WORKER_TELEMETRY_SAFE_H

#include "base/arena.h"

/* PostgreSQL's message if it quotes no data; for a lock timeout a sentence of ours, because the message names others'
 * statements. sqlstate "" or NULL: the error is ours, and is not quoted. In the arena. */
const char *safe_error(struct arena *arena, const char *sqlstate, const char *message);

#endif
