/*
 * Nothing here waits: the server keeps the time.
 */
#include "rpc/admission.h"

#define WAITING  64 /* one more is told at once that there are too many */
#define RETRY_MS 1000

static void delay(struct admission *admission, struct rpc_admitted *admitted, struct status *status)
{
    const uint32_t retry_ms = admitted->again_ms > 0 ? admitted->again_ms : admitted->delay_ms;
    if (retry_ms == 0 || atomic_fetch_add(&admission->waiting, 1) < WAITING) {
        return;
    }
    atomic_fetch_sub(&admission->waiting, 1);
    admitted->delay_ms = 0;
    admitted->again_ms = 0;
    status_fail(status, STATUS_RESOURCE_EXHAUSTED, "Too many logins fail at this moment. Try again in a moment.");
    status->retry_ms = retry_ms;
}

bool admission_decide(struct admission *admission, const struct rpc_visitor *visitor, enum scope wanted,
                      struct rpc_admitted *admitted, struct status *status)
{
    *admitted = (struct rpc_admitted){
        .principal = {"", PRINCIPAL_ANONYMOUS, SCOPE_ALL, visitor->peer->address},
    };
    if (admission->gate != NULL && !admission->gate(admission->context, visitor, admitted, status)) {
        delay(admission, admitted, status);
        return false;
    }
    admitted->delay_ms = 0;
    admitted->again_ms = 0;
    return principal_may(&admitted->principal, wanted, &admission->environment, status);
}

void admission_told(struct admission *admission)
{
    atomic_fetch_sub(&admission->waiting, 1);
}

void admission_full(bool is_greedy, struct status *status)
{
    if (is_greedy) {
        status_fail(status, STATUS_RESOURCE_EXHAUSTED,
                    "This connection has more requests waiting than its share; ask again when some were answered.");
    } else {
        status_fail(status, STATUS_UNAVAILABLE,
                    "The worker has too many requests of this kind; this one was not begun. Try again in a moment.");
    }
    status->retry_ms = RETRY_MS;
}
