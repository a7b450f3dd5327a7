#include "base/shortage.h"

#include "base/memory.h"

#define RETRY_MS 1000

bool shortage(struct status *status, const char *doing, const char *what)
{
    status_fail(status, STATUS_UNAVAILABLE, "There is not enough memory to %s %s.", doing, what);
    status->hint = "Try again in a moment, or give the program more memory.";
    status->retry_ms = RETRY_MS;
    return false;
}

bool room_for(size_t bytes, struct status *status, const char *doing, const char *what)
{
    return memory_has_room(bytes) || shortage(status, doing, what);
}
