/*
 * The worker's gate: has src/trust authenticate the caller, for src/rpc.
 */
#ifndef WORKER_GATE_H
#define WORKER_GATE_H

#include "rpc/admission.h"
#include "trust/login.h"

struct gate {
    struct login *login; /* NULL: no tokens; nobody has to log in */
};

/* An rpc_gate whose context is a struct gate. Without tokens every caller has every scope; a user of this machine gets
 * a name if the kernel reports it. A bridge that is open to other machines says so in its calls, which are then
 * refused. */
rpc_gate gate_enter;

/* May gate_enter wait for these credentials? */
rpc_gate_waits gate_waits;

#endif
