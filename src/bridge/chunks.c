/*
 * A state machine that looks at one byte per step, except for a chunk's data.
 */
#include "bridge/chunks.h"

#include <string.h>

#define MOST_DIGITS 8 /* of a chunk's size, with leading zeros */
#define MOST_OTHER  4096

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static enum chunks_state at_size(struct http_chunks *chunks, char c)
{
    const int digit = digit_of(c);
    if (digit >= 0 && chunks->digits < MOST_DIGITS) {
        chunks->digits++;
        chunks->left = chunks->left * 16 + (uint64_t)digit;
        return CHUNKS_SIZE;
    }
    if (chunks->digits == 0 || digit >= 0) {
        return CHUNKS_BAD;
    }
    return c == ';' ? CHUNKS_EXTENSION : c == '\r' ? CHUNKS_SIZE_END : CHUNKS_BAD;
}

/* A byte of an extension or trailer, which `end` terminates. */
static enum chunks_state at_other(struct http_chunks *chunks, char c, enum chunks_state here, enum chunks_state end)
{
    const bool is_control = ((unsigned char)c < ' ' && c != '\t' && c != '\r') || c == 0x7F;
    if (is_control || ++chunks->other > MOST_OTHER) {
        return CHUNKS_BAD;
    }
    return c == '\r' ? end : here;
}

static enum chunks_state next_state(struct http_chunks *chunks, char c)
{
    switch (chunks->state) {
    case CHUNKS_SIZE:
        return at_size(chunks, c);
    case CHUNKS_EXTENSION:
        return at_other(chunks, c, CHUNKS_EXTENSION, CHUNKS_SIZE_END);
    case CHUNKS_SIZE_END:
        return c != '\n' ? CHUNKS_BAD : chunks->left > 0 ? CHUNKS_DATA : CHUNKS_TRAILER;
    case CHUNKS_DATA_CR:
        return c == '\r' ? CHUNKS_DATA_END : CHUNKS_BAD;
    case CHUNKS_DATA_END:
        chunks->digits = 0;
        return c == '\n' ? CHUNKS_SIZE : CHUNKS_BAD;
    case CHUNKS_TRAILER:
        return c == '\r' ? CHUNKS_TRAILER_END : at_other(chunks, c, CHUNKS_TRAILER_LINE, CHUNKS_BAD);
    case CHUNKS_TRAILER_LINE:
        return at_other(chunks, c, CHUNKS_TRAILER_LINE, CHUNKS_TRAILER_LINE_END);
    case CHUNKS_TRAILER_LINE_END:
        return c == '\n' ? CHUNKS_TRAILER : CHUNKS_BAD;
    case CHUNKS_TRAILER_END:
        return c == '\n' ? CHUNKS_DONE : CHUNKS_BAD;
    case CHUNKS_DATA:
    case CHUNKS_DONE:
    case CHUNKS_BAD:
        break;
    }
    return CHUNKS_BAD;
}

struct text http_chunks_read(struct http_chunks *chunks, struct text *rest)
{
    while (rest->size > 0 && chunks->state != CHUNKS_DONE && chunks->state != CHUNKS_BAD) {
        if (chunks->state == CHUNKS_DATA) {
            const size_t size = chunks->left < rest->size ? (size_t)chunks->left : rest->size;
            const struct text data = text_slice(*rest, 0, size);
            *rest = text_slice(*rest, size, rest->size);
            chunks->left -= size;
            chunks->state = chunks->left == 0 ? CHUNKS_DATA_CR : CHUNKS_DATA;
            return data;
        }
        chunks->state = next_state(chunks, rest->data[0]);
        *rest = text_slice(*rest, 1, rest->size);
    }
    return (struct text){0};
}
