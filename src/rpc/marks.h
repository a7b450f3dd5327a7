/*
 * Translates frames of the scalability protocols between a Unix socket, where each frame begins with a mark byte, and
 * TCP, which has no such byte. Everything else passes unchanged.
 */
#ifndef RPC_MARKS_H
#define RPC_MARKS_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* One direction; start with {.adds = …}. */
struct marks {
    bool adds; /* inserts the marks; false: removes them */
    bool has_mark;
    size_t greeted; /* bytes of the greeting that have passed */
    size_t head;    /* bytes of the length that have passed */
    uint64_t left;  /* bytes of the frame that are still to pass */
};

/* Translates bytes into `out`, which has room for twice as many. Returns the number of bytes written, or SIZE_MAX if a
 * byte that must be a mark is not one. */
size_t marks_pass(struct marks *marks, struct text bytes, char *out);

#endif
