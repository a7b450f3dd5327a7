/*
 * The worker's door: asks src/trust who calls, and says it to src/rpc.
 */
#ifndef WORKER_GATE_H
#define WORKER_GATE_H

#include "rpc/admission.h"
#include "trust/login.h"

struct gate {
    struct login *login; /* NULL: no tokens, nobody is asked */
};

/* An rpc_gate over a struct gate. Without tokens whoever comes has every scope: a user of this machine by name where
 * the kernel tells it. A bridge that is open to others says so, and is refused then. */
rpc_gate gate_enter;

#endif
