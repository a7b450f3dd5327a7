/*
 * Answers of the guard in front of the HTTP server, as text: it refuses what never reaches the server.
 */
#ifndef BRIDGE_REFUSAL_H
#define BRIDGE_REFUSAL_H

#include "base/arena.h"
#include "base/text.h"

/* A whole answer with this HTTP status, behind which the connection ends. `message` is a sentence of ours: it is put
 * into JSON as it is. */
struct text refusal_text(struct arena *arena, unsigned http, const char *message);

#endif
