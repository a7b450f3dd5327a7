/*
 * Timestamps split as protobuf wants them: nanoseconds are never negative.
 */
#include "worker/messages.h"

Google__Protobuf__Timestamp *message_time(struct arena *arena, int64_t wall_us)
{
    if (wall_us == NO_TIME) {
        return NULL;
    }
    Google__Protobuf__Timestamp *const time = arena_alloc(arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    time->seconds = wall_us / 1000000;
    time->nanos = (int32_t)(wall_us % 1000000) * 1000;
    if (time->nanos < 0) {
        time->seconds--;
        time->nanos += 1000000000;
    }
    return time;
}

char *message_string(const char *string)
{
    return string == NULL ? (char *)(uintptr_t) "" : (char *)(uintptr_t)string;
}
