/*
 * Bytes that do not change and that several hold: an answer on its way to more than one client, and kept for the next.
 * They are freed with the last holder. Thread-safe.
 */
#ifndef BASE_SHARED_BYTES_H
#define BASE_SHARED_BYTES_H

#include "base/arena.h"
#include "base/text.h"

struct shared_bytes;

/* A copy, with one holder. */
struct shared_bytes *shared_bytes_copy(struct text bytes);

/* The bytes themselves, which are in the arena, with one holder. The arena is freed with them. */
struct shared_bytes *shared_bytes_in(struct arena *arena, struct text bytes);

/* One more holder; returns them. */
struct shared_bytes *shared_bytes_hold(struct shared_bytes *shared);

/* One holder less. NULL is fine. */
void shared_bytes_let_go(struct shared_bytes *shared);

/* Borrowed from the holder. NULL: none. */
struct text shared_bytes_text(const struct shared_bytes *shared);

#endif
