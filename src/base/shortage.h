/*
 * What is said where there is no room (base/memory.h), and the question in front of what may be large.
 */
#ifndef BASE_SHORTAGE_H
#define BASE_SHORTAGE_H

#include "base/status.h"

/* False, and UNAVAILABLE: there is not enough memory to do this ("read", FILE) now. */
bool shortage(struct status *status, const char *doing, const char *what);

/* The same of an answer ("send", "the answer"), behind what was done already. Where that may be done twice (is_safe) it
 * says as ever to try again; else that it was done, and not to. */
bool shortage_of_answer(struct status *status, const char *doing, const char *what, bool is_safe);

/* Is there room for so many bytes more? Else as shortage. In front of each piece of memory whose size comes from
 * outside, and which is then taken by what cannot fail (arena_alloc, a buffer). */
bool room_for(size_t bytes, struct status *status, const char *doing, const char *what);

#endif
