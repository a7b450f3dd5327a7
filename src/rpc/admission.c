/*
 * Nothing here waits: the server keeps the time.
 */
#include "rpc/admission.h"

#define WAITING 64 /* one more is told at once that there are too many */

static void delay(struct admission *admission, uint32_t *delay_ms, struct status *status)
{
    const uint32_t retry_ms = *delay_ms;
    if (retry_ms == 0 || atomic_fetch_add(&admission->waiting, 1) < WAITING) {
        return;
    }
    atomic_fetch_sub(&admission->waiting, 1);
    *delay_ms = 0;
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
        delay(admission, &admitted->delay_ms, status);
        return false;
    }
    admitted->delay_ms = 0;
    return principal_may(&admitted->principal, wanted, &admission->environment, status);
}

void admission_told(struct admission *admission)
{
    atomic_fetch_sub(&admission->waiting, 1);
}
