/*
 * Collects bytes that arrive in pieces. The buffer grows with what has arrived, doubling each time; an announced length
 * reserves nothing.
 */
#ifndef BASE_INTAKE_H
#define BASE_INTAKE_H

#include "base/text.h"

#include <stddef.h>

/* {0} is empty and holds no memory. */
struct intake {
    char *bytes;
    size_t size;
    size_t capacity;
};

/* The capacity that it will have after `more` bytes; at most `most`, if that is enough for them. */
size_t intake_room(const struct intake *intake, size_t more, size_t most);

/* Appends the bytes, growing the buffer to `room` (from intake_room). Ends the process if there is no memory. */
void intake_put(struct intake *intake, struct text bytes, size_t room);

/* Removes `size` bytes from the front. When it is empty it frees its memory. */
void intake_take_off(struct intake *intake, size_t size);

/* Empties it and frees its memory. */
void intake_drop(struct intake *intake);

#endif
