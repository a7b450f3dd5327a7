/*
 * What is said where there is no room (base/memory.h), and the question in front of what may be large.
 */
#ifndef BASE_SHORTAGE_H
#define BASE_SHORTAGE_H

#include "base/status.h"

/* False, and UNAVAILABLE: there is not enough memory to do this ("read", FILE) now. */
bool shortage(struct status *status, const char *doing, const char *what);

/* The same behind what was done already: not enough memory to do this ("send") with its answer. It says so, and not to
 * try again in a moment, as a write must not be done twice. */
bool shortage_behind(struct status *status, const char *doing);

/* Is there room for so many bytes more? Else as shortage. In front of each piece of memory whose size comes from
 * outside, and which is then taken by what cannot fail (arena_alloc, a buffer). */
bool room_for(size_t bytes, struct status *status, const char *doing, const char *what);

#endif
