/*
 * Nothing here waits: the server keeps the time.
 */
#include "rpc/admission.h"

#include "base/digest.h"

#define UNDECIDED    64  /* one more is refused at once, as one too many */
#define FAILING      256 /* likewise for refusals */
#define FAILING_EACH 64  /* likewise for refusals of one host */
#define RETRY_MS     1000

/* Two hosts may share a counter. */
static atomic_uint *failures_of(struct admission *admission, const struct rpc_peer *peer)
{
    return &admission->failing_of[fnv1a_add(FNV1A_START, peer->host) % ADMISSION_HOSTS];
}

/* Takes one of the places for waiting; false if all are taken. */
static bool take_place(struct admission *admission, const struct rpc_peer *peer, bool is_failure)
{
    atomic_uint *const count = is_failure ? &admission->failing : &admission->undecided;
    atomic_uint *const of_host = failures_of(admission, peer);
    const bool has_place = atomic_fetch_add(count, 1) < (is_failure ? FAILING : UNDECIDED);
    if (has_place && (!is_failure || atomic_fetch_add(of_host, 1) < FAILING_EACH)) {
        return true;
    }
    atomic_fetch_sub(of_host, has_place ? 1 : 0); /* its host has too many */
    atomic_fetch_sub(count, 1);
    return false;
}

static void delay(struct admission *admission, const struct rpc_peer *peer, struct rpc_admitted *admitted,
                  struct status *status)
{
    const bool is_failure = admitted->again_ms == 0;
    const uint32_t retry_ms = is_failure ? admitted->delay_ms : admitted->again_ms;
    if (retry_ms == 0 || take_place(admission, peer, is_failure)) {
        return;
    }
    admitted->delay_ms = 0;
    admitted->again_ms = 0;
    admission_crowded(status);
    if (is_failure) {
        status_fail(status, STATUS_RESOURCE_EXHAUSTED, "Too many logins fail at this moment. Try again in a moment.");
    }
    status->retry_ms = retry_ms;
}

bool admission_decide(struct admission *admission, const struct rpc_visitor *visitor, enum scope wanted,
                      struct rpc_admitted *admitted, struct status *status)
{
    *admitted = (struct rpc_admitted){
        .principal = {"", PRINCIPAL_ANONYMOUS, SCOPE_ALL, visitor->peer->address},
    };
    if (admission->gate != NULL && !admission->gate(admission->context, visitor, admitted, status)) {
        delay(admission, visitor->peer, admitted, status);
        return false;
    }
    admitted->delay_ms = 0;
    admitted->again_ms = 0;
    return principal_may(&admitted->principal, wanted, &admission->environment, status);
}

bool admission_waits(const struct admission *admission, const struct rpc_visitor *visitor)
{
    return admission->waits != NULL && admission->waits(admission->context, visitor);
}

void admission_told(struct admission *admission, const struct rpc_peer *peer, bool was_failure)
{
    if (was_failure) {
        atomic_fetch_sub(failures_of(admission, peer), 1);
    }
    atomic_fetch_sub(was_failure ? &admission->failing : &admission->undecided, 1);
}

void admission_crowded(struct status *status)
{
    status_fail(status, STATUS_RESOURCE_EXHAUSTED,
                "Too many logins are looked at at this moment. Try again in a moment.");
    status->retry_ms = RETRY_MS;
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
