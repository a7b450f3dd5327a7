/*
 * Who comes in: the gate says who it is, the scope of the method whether he may. Who fails is told late, so that trying
 * one token after the other leads nowhere, and only so many wait for that at a time.
 */
#ifndef RPC_ADMISSION_H
#define RPC_ADMISSION_H

#include "base/principal.h"
#include "rpc/envelope.h"
#include "rpc/peer.h"

#include <stdatomic.h>

/* Who is at the door. */
struct rpc_visitor {
    struct arena *arena;
    const struct rpc_request *request;
    const struct rpc_peer *peer;
    int64_t arrived; /* clock_ms units */
};

/* What the gate says of him. */
struct rpc_admitted {
    struct principal principal;
    uint32_t delay_ms; /* where he is refused: the time after which he is told; 0: at once */
    uint32_t again_ms; /* where it is not known yet: ask again after that time; 0: it is decided */
};

/* Says who calls, on nng's thread: it must not block. What it fills in, all of it, lives in visitor->arena. False and a
 * status where he is to be refused, or again_ms is set. Whether he may use the method is decided behind it, by its
 * scope. */
typedef bool rpc_gate(void *context, const struct rpc_visitor *visitor, struct rpc_admitted *admitted,
                      struct status *status);

#define ADMISSION_HOSTS 256

struct admission {
    rpc_gate *gate; /* NULL: everybody is anonymous and has every scope */
    void *context;
    struct environment environment;          /* its name is in the scopes that are told to be missing */
    atomic_uint undecided;                   /* those of whom it is not known yet */
    atomic_uint failing;                     /* refusals whose time has not come, */
    atomic_uint failing_of[ADMISSION_HOSTS]; /* and those of a host */
};

/* True where he may use what asks for this scope; the principal is filled in either case. False: decide again after
 * again_ms where that is not 0; else refuse him with the status, after the delay. Where one of the two is not 0,
 * admission_told is to be called when that time is over. Who fails takes no place of those who are still
 * looked at, nor all of those of other hosts. */
bool admission_decide(struct admission *admission, const struct rpc_visitor *visitor, enum scope wanted,
                      struct rpc_admitted *admitted, struct status *status);
void admission_told(struct admission *admission, const struct rpc_peer *peer, bool was_failure);

/* What he is told for whom there is no room. is_greedy: his own connection takes it. */
void admission_full(bool is_greedy, struct status *status);

#endif
