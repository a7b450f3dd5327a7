/*
 * Who has logged in with a browser. The browser has a number that nobody guesses, and what it logged in with stays
 * here, in the memory of this bridge alone: a restart ends all sessions, and of several bridges behind one name the
 * same one must be asked each time.
 *
 * A session ends by a logout, when it was not used for a while, and in any case after twelve times that. Safe from any
 * thread.
 */
#ifndef BRIDGE_SESSIONS_H
#define BRIDGE_SESSIONS_H

#include "base/arena.h"
#include "base/text.h"

#include <stdint.h>

struct sessions;

/* idle_ms: how long a session lasts that nobody uses. */
struct sessions *sessions_new(uint32_t idle_ms);
void sessions_free(struct sessions *sessions); /* NULL is fine */

/* Begins one, and gives its number, in the arena. Where there are too many, one of
 * who has the most ends, the one that was used longest ago.
 * NULL where no number can be had. */
const char *sessions_begin(struct sessions *sessions, struct arena *arena, const char *authorization);

/* What a session was begun with, in the arena; NULL where there is none of this number, or it is over. */
const char *sessions_find(struct sessions *sessions, struct arena *arena, struct text number);

/* Ends it, where it is one. */
void sessions_end(struct sessions *sessions, struct text number);

#endif
