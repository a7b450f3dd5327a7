/*
 * The worker's audit: records each call's request, caller and outcome in truss.audit. Read-only calls and dry runs are
 * not recorded. A change gets its row before it begins, and is refused if the row cannot be written; except a cancel,
 * which must reach a run even if the database does not answer.
 */
#ifndef WORKER_WITNESS_H
#define WORKER_WITNESS_H

#include "migration/look/detect.h"
#include "rpc/server.h"

struct witness;
struct audit_entry;

/* The outcome of work that went on after its call was answered. */
struct witness_outcome {
    const ProtobufCMessage *reply; /* NULL: it failed */
    const struct status *status;   /* the error */
    const char *operation;
};

/* is_asked_for: audit everything, and refuse what cannot be recorded. Otherwise only a database that already has an
 * audit is audited: a worker without a login does not start one. */
struct witness *witness_new(const struct site *site, bool is_asked_for);
void witness_free(struct witness *witness);

/* For the RPC server; lives as long as the witness. */
const struct rpc_witness *witness_hooks(struct witness *witness);

/* The caller's name in the audit: the token's name, the OIDC subject, "uid 1000 (anna)" for a user of this machine; ""
 * if no login was required. In the arena, or the principal's own. */
const char *witness_actor(struct arena *arena, const struct rpc_call *call);

/* For work that goes on after its call is answered: the call's row then says STARTED, and witness_end records the
 * outcome. Returns a copy in the arena; NULL if the call is not audited. */
struct audit_entry *witness_keep(struct arena *arena, const struct rpc_call *call);

/* The work did not go on after all: the entry of witness_keep is void, and the call's row has the outcome. */
void witness_drop(const struct rpc_call *call);

/* Records the outcome. A NULL entry is fine. */
void witness_end(const struct witness *witness, const struct audit_entry *kept, const struct witness_outcome *outcome);

#endif
