/*
 * Decodes a chunked body (RFC 9112) as it arrives.
 */
#ifndef BRIDGE_CHUNKS_H
#define BRIDGE_CHUNKS_H

#include "base/text.h"

#include <stdint.h>

enum chunks_state {
    CHUNKS_SIZE,
    CHUNKS_EXTENSION,
    CHUNKS_SIZE_END,
    CHUNKS_DATA,
    CHUNKS_DATA_CR,
    CHUNKS_DATA_END,
    CHUNKS_TRAILER,
    CHUNKS_TRAILER_LINE,
    CHUNKS_TRAILER_LINE_END,
    CHUNKS_TRAILER_END,
    CHUNKS_DONE,
    CHUNKS_BAD
};

/* Start with {0}. */
struct http_chunks {
    enum chunks_state state;
    uint64_t left;   /* bytes left of the chunk */
    unsigned digits; /* of its size */
    size_t other;    /* bytes of extensions and trailers, which are limited */
};

/* Takes bytes off the front of *rest until there is data (which it returns, a slice of *rest), nothing is left, or the
 * state is CHUNKS_DONE (the rest is not of this body) or CHUNKS_BAD. */
struct text http_chunks_read(struct http_chunks *chunks, struct text *rest);

#endif
