/*
 * Browser logins. The browser has a random session number; the credentials stay in this bridge's memory. So a restart
 * ends all sessions, and with several bridges behind one name a client must always reach the same one.
 *
 * A session ends with a logout, after being idle for a while, and at the latest after twelve times that. Thread-safe.
 */
#ifndef BRIDGE_SESSIONS_H
#define BRIDGE_SESSIONS_H

#include "base/arena.h"
#include "base/text.h"

#include <stdint.h>

struct sessions;

/* idle_ms: how long an unused session lasts. */
struct sessions *sessions_new(uint32_t idle_ms);
void sessions_free(struct sessions *sessions); /* NULL is fine */

/* Begins a session and returns its number, in the arena. If there are too many, the least recently used one of the
 * credentials with the most sessions ends. NULL if there is no random number. */
const char *sessions_begin(struct sessions *sessions, struct arena *arena, const char *authorization);

/* The credentials of a session, in the arena; NULL if there is none with this number, or it has ended. */
const char *sessions_find(struct sessions *sessions, struct arena *arena, struct text number);

/* Ends a session, if it exists. */
void sessions_end(struct sessions *sessions, struct text number);

#endif
