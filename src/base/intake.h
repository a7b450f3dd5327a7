/*
 * Bytes that come piece by piece and are kept until they are whole. Room is made as they come, twice as much each time;
 * nothing is reserved for what was only announced.
 */
#ifndef BASE_INTAKE_H
#define BASE_INTAKE_H

#include "base/text.h"

#include <stddef.h>

/* {0} is an empty one, which holds no memory. */
struct intake {
    char *bytes;
    size_t size;
    size_t capacity;
};

/* The bytes of memory that it will hold when so many more have come; never above most, where that is enough for them.
 */
size_t intake_room(const struct intake *intake, size_t more, size_t most);

/* Makes room for so many bytes in all (as intake_room says), and puts these behind the others. Ends the process where
 * there is no memory. */
void intake_put(struct intake *intake, struct text bytes, size_t room);

/* Takes so many bytes off the front. An empty one gives its memory back. */
void intake_take_off(struct intake *intake, size_t size);

/* Empties it. */
void intake_drop(struct intake *intake);

#endif
