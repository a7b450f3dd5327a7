/*
 * Answers of the guard in front of the HTTP server, as text: to requests that never reach the server.
 */
#ifndef BRIDGE_REFUSAL_H
#define BRIDGE_REFUSAL_H

#include "base/arena.h"
#include "base/text.h"

/* A complete answer with this HTTP status, after which the connection ends. `message` is put into JSON unescaped, so it
 * must be a sentence of ours. */
struct text refusal_text(struct arena *arena, unsigned http, const char *message);

#endif
