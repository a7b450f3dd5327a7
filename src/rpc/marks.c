/*
 * The greeting has no mark. An empty frame (which nobody sends) would end after its length.
 */
#include "rpc/marks.h"

#include <string.h>

#define GREETING_SIZE 8
#define LENGTH_SIZE   8
#define MARK          1

static size_t copy(struct text *bytes, size_t most, char *out)
{
    const size_t size = bytes->size < most ? bytes->size : most;
    memcpy(out, bytes->data, size);
    *bytes = text_slice(*bytes, size, bytes->size);
    return size;
}

/* Passes the mark in front of a length. Returns false for another byte. */
static bool pass_mark(struct marks *marks, struct text *bytes, char **out)
{
    marks->has_mark = true;
    if (marks->adds) {
        *(*out)++ = MARK;
        return true;
    }
    const bool is_mark = bytes->data[0] == MARK;
    *bytes = text_slice(*bytes, 1, bytes->size);
    return is_mark;
}

/* Passes a part of a length, which says how many bytes follow. */
static size_t pass_length(struct marks *marks, struct text *bytes, char *out)
{
    const size_t size = copy(bytes, LENGTH_SIZE - marks->head, out);
    for (size_t i = 0; i < size; i++) {
        marks->left = marks->left << 8 | (unsigned char)out[i];
    }
    marks->head += size;
    marks->has_mark = marks->head < LENGTH_SIZE || marks->left > 0;
    marks->head = marks->has_mark ? marks->head : 0;
    return size;
}

static size_t pass_frame(struct marks *marks, struct text *bytes, char *out)
{
    const size_t size = copy(bytes, marks->left < SIZE_MAX ? (size_t)marks->left : SIZE_MAX, out);
    marks->left -= size;
    if (marks->left == 0) {
        marks->head = 0;
        marks->has_mark = false;
    }
    return size;
}

size_t marks_pass(struct marks *marks, struct text bytes, char *out)
{
    const char *const start = out;
    while (bytes.size > 0) {
        if (marks->greeted < GREETING_SIZE) {
            const size_t size = copy(&bytes, GREETING_SIZE - marks->greeted, out);
            marks->greeted += size;
            out += size;
        } else if (!marks->has_mark) {
            if (!pass_mark(marks, &bytes, &out)) {
                return SIZE_MAX;
            }
        } else if (marks->head < LENGTH_SIZE) {
            out += pass_length(marks, &bytes, out);
        } else {
            out += pass_frame(marks, &bytes, out);
        }
    }
    return (size_t)(out - start);
}
