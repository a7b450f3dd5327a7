/*
 * Frames of the scalability protocols on their way between a Unix socket, where a byte stands in front of each, and
 * TCP, where none does. Everything else passes as it is.
 */
#ifndef RPC_MARKS_H
#define RPC_MARKS_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* One direction; {.adds = …} at first. */
struct marks {
    bool adds; /* puts the bytes in, or takes them out */
    bool has_mark;
    size_t greeted; /* bytes of the greeting that have passed */
    size_t head;    /* bytes of the length that have passed */
    uint64_t left;  /* of the frame */
};

/* Writes what becomes of the bytes; out has room for twice as many. The number of bytes written, or SIZE_MAX where a
 * byte that must be a mark is none. */
size_t marks_pass(struct marks *marks, struct text bytes, char *out);

#endif
