/*
 * One block, grown by realloc.
 */
#include "base/intake.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM ((size_t)1024)

size_t intake_room(const struct intake *intake, size_t more, size_t most)
{
    const size_t least = intake->size + more;
    if (least <= intake->capacity) {
        return intake->capacity;
    }
    const size_t twice = intake->capacity == 0 ? FIRST_ROOM : intake->capacity * 2;
    const size_t bounded = twice < most ? twice : most;
    return bounded > least ? bounded : least;
}

void intake_put(struct intake *intake, struct text bytes, size_t room)
{
    if (room > intake->capacity) {
        intake->bytes = memory_resize(intake->bytes, room);
        intake->capacity = room;
    }
    if (bytes.size > 0) {
        memcpy(intake->bytes + intake->size, bytes.data, bytes.size);
        intake->size += bytes.size;
    }
}

void intake_take_off(struct intake *intake, size_t size)
{
    intake->size -= size;
    if (intake->size == 0) {
        intake_drop(intake);
    } else if (size > 0) {
        memmove(intake->bytes, intake->bytes + size, intake->size);
    }
}

void intake_drop(struct intake *intake)
{
    free(intake->bytes);
    *intake = (struct intake){0};
}
