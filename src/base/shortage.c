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

bool shortage_of_answer(struct status *status, const char *doing, const char *what, bool is_safe)
{
    if (is_safe) {
        return shortage(status, doing, what);
    }
    status_fail(status, STATUS_UNAVAILABLE,
                "The request was worked on to its end, but there is not enough memory to %s its answer.", doing);
    status->retry_ms = 0; /* set by the first failure */
    status->hint = "Ask for the status before it is sent again: it tells what was done.";
    return false;
}

bool room_for(size_t bytes, struct status *status, const char *doing, const char *what)
{
    return memory_has_room(bytes) || shortage(status, doing, what);
}
