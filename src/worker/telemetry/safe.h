/*
 * What may leave the house: an error in words that hold no value, no SQL and no name of a session.
 */
#ifndef WORKER_TELEMETRY_SAFE_H
#define WORKER_TELEMETRY_SAFE_H

#include "base/arena.h"

/* PostgreSQL's first line, as far as it quotes no data; of a lock that could not be had a sentence of ours, because the
 * message names others' statements. sqlstate "" or NULL: the error is ours, and is not quoted. In the arena. */
const char *safe_error(struct arena *arena, const char *sqlstate, const char *message);

#endif
