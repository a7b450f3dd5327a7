/*
 * Errors for lack of memory (base/memory.h), and the check before large allocations.
 */
#ifndef BASE_SHORTAGE_H
#define BASE_SHORTAGE_H

#include "base/status.h"

/* Fails with UNAVAILABLE: there is not enough memory to do this ("read", FILE) now. */
bool shortage(struct status *status, const char *doing, const char *what);

/* The same for an answer ("send", "the answer") to something that was already done. If it may be repeated (is_safe) the
 * message says to try again, otherwise that it was done and must not be repeated. */
bool shortage_of_answer(struct status *status, const char *doing, const char *what, bool is_safe);

/* Is there room for this many bytes? Otherwise fails as shortage does. Call it before each allocation whose size comes
 * from outside and that itself cannot fail (arena_alloc, a buffer). */
bool room_for(size_t bytes, struct status *status, const char *doing, const char *what);

/* More bytes than what is known of one statement takes. */
#define ROOM_OF_STATEMENT ((size_t)1024 * 1024)

#endif
