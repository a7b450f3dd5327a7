/*
 * Decides whether a request is let in: the gate authenticates the caller, and the method's scope authorizes it. A
 * refusal is answered late, so that guessing tokens is slow, and only a limited number of refusals may wait for that at
 * a time.
 */
#ifndef RPC_ADMISSION_H
#define RPC_ADMISSION_H

#include "base/principal.h"
#include "rpc/envelope.h"
#include "rpc/peer.h"

#include <stdatomic.h>

/* The caller that must be authenticated. */
struct rpc_visitor {
    struct arena *arena;
    const struct rpc_request *request;
    const struct rpc_peer *peer;
    int64_t arrived; /* clock_ms */
};

/* What the gate found out about the caller. */
struct rpc_admitted {
    struct principal principal;
    uint32_t delay_ms; /* if refused: answer only after this time; 0: at once */
    uint32_t again_ms; /* if not decided yet: ask the gate again after this time; 0: it is decided */
};

/* Authenticates the caller. Runs on the connections' thread, or, if rpc_gate_waits says so, on a thread for that,
 * several at once. Everything that it fills in lives in visitor->arena. Returns false with a status if the caller is
 * refused, or with again_ms set if that is not known yet. The scope is checked afterwards, by admission_decide. */
typedef bool rpc_gate(void *context, const struct rpc_visitor *visitor, struct rpc_admitted *admitted,
                      struct status *status);

/* Would the gate wait for something (a file system that may not answer), or need long (to check a signature)? Runs on
 * the connections' thread, and must not wait. */
typedef bool rpc_gate_waits(void *context, const struct rpc_visitor *visitor);

#define ADMISSION_HOSTS 256

struct admission {
    rpc_gate *gate;        /* NULL: everybody is anonymous and has every scope */
    rpc_gate_waits *waits; /* NULL: the gate never waits */
    void *context;
    struct environment environment;          /* its name is in the message about a missing scope */
    atomic_uint undecided;                   /* requests that wait to be asked again */
    atomic_uint failing;                     /* refusals that wait for their delay to end */
    atomic_uint failing_of[ADMISSION_HOSTS]; /* the same by host (hashed) */
};

/* Returns true if the caller may use a method of the scope `wanted`. Otherwise: if again_ms is not 0, call this again
 * after that time; else refuse the request with the status, after delay_ms. If either is not 0, call admission_told
 * when that time is over. admitted->principal is filled in every case. Refusals have their own quota, also for each
 * host: they take no place from undecided callers or from other hosts. */
bool admission_decide(struct admission *admission, const struct rpc_visitor *visitor, enum scope wanted,
                      struct rpc_admitted *admitted, struct status *status);
void admission_told(struct admission *admission, const struct rpc_peer *peer, bool was_failure);

/* Must admission_decide be called on a thread that may wait? */
bool admission_waits(const struct admission *admission, const struct rpc_visitor *visitor);

/* Fills the status for a request that finds no room to be looked at by the gate. */
void admission_crowded(struct status *status);

/* Fills the status for a request that finds no room in its lane. is_greedy: the caller's own connection uses up the
 * room. */
void admission_full(bool is_greedy, struct status *status);

#endif
