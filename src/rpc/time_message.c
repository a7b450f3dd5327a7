/*
 * The other side may be hostile: what it says must not overflow.
 */
#include "rpc/time_message.h"

#include "base/clock.h"

#include <stdbool.h>

#define FIRST_SECOND (-62135596800) /* of the year 1 */
#define LAST_SECOND  253402300799   /* of the year 9999 */

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

int64_t message_time_us(const Google__Protobuf__Timestamp *time)
{
    const bool is_one = time != NULL && time->seconds >= FIRST_SECOND && time->seconds <= LAST_SECOND;
    return is_one ? time->seconds * 1000000 + time->nanos / 1000 : NO_TIME;
}
