/*
 * What is said where there is no room (base/memory.h).
 */
#ifndef BASE_SHORTAGE_H
#define BASE_SHORTAGE_H

#include "base/status.h"

/* False, and UNAVAILABLE: there is not enough memory to do this ("read", FILE) now. */
bool shortage(struct status *status, const char *doing, const char *what);

#endif
