/*
 * Nothing here waits: the server keeps the time.
 */
#include "rpc/door.h"

#define WAITING 64 /* one more is told at once that there are too many */

static void delay(struct door *door, uint32_t *delay_ms, struct status *status)
{
    const uint32_t retry_ms = *delay_ms;
    if (retry_ms == 0 || atomic_fetch_add(&door->waiting, 1) < WAITING) {
        return;
    }
    atomic_fetch_sub(&door->waiting, 1);
    *delay_ms = 0;
    status_fail(status, STATUS_RESOURCE_EXHAUSTED, "Too many logins fail at this moment. Try again in a moment.");
    status->retry_ms = retry_ms;
}

bool door_enter(struct door *door, const struct rpc_visitor *visitor, enum scope wanted, struct principal *principal,
                uint32_t *delay_ms, struct status *status)
{
    *delay_ms = 0;
    *principal = (struct principal){"", PRINCIPAL_ANONYMOUS, SCOPE_ALL, visitor->peer->address};
    if (door->gate != NULL && !door->gate(door->context, visitor, principal, delay_ms, status)) {
        delay(door, delay_ms, status);
        return false;
    }
    *delay_ms = 0;
    return principal_may(principal, wanted, door->environment == NULL ? "" : door->environment, status);
}

void door_told(struct door *door)
{
    atomic_fetch_sub(&door->waiting, 1);
}
