/*
 * The worker's audit: what a call asks for, who asks, and what came of it, as rows of truss.audit. What only reads
 * writes nothing, nor does a try. What is state-changing has a row before it begins, and is not done where that cannot
 * be written; a cancel is the exception, which must reach a run also when the database does not answer.
 */
#ifndef WORKER_WITNESS_H
#define WORKER_WITNESS_H

#include "migration/look/detect.h"
#include "rpc/server.h"

struct witness;
struct audit_entry;

/* How something ended that went on behind its answer. */
struct witness_outcome {
    const ProtobufCMessage *reply; /* NULL: it failed */
    const struct status *status;   /* why */
    const char *operation;
};

/* is_asked_for: everything is audited, and what cannot be is not done. Else only a database is that has an audit: a
 * worker without a login leaves none in a database that nobody audits. */
struct witness *witness_new(const struct site *site, bool is_asked_for);
void witness_free(struct witness *witness);

/* For the RPC server; lives as long as the witness. */
const struct rpc_witness *witness_hooks(struct witness *witness);

/* Who calls, as the audit names him: the token's name, the OIDC subject, "uid 1000 (anna)" of a user of this machine;
 * "" where nobody was asked. In the arena, or the principal's own. */
const char *witness_actor(struct arena *arena, const struct rpc_call *call);

/* For what goes on when its call has been answered: the call's row says STARTED then, and how it ended is for
 * witness_end. A copy in the arena; NULL where the call is not audited. */
struct audit_entry *witness_keep(struct arena *arena, const struct rpc_call *call);

/* It did not go on: what was kept is worth nothing, and how it ended stands in the call's row. */
void witness_drop(const struct rpc_call *call);

/* Its last row: what came of it. A NULL entry is fine. */
void witness_end(const struct witness *witness, const struct audit_entry *kept, const struct witness_outcome *outcome);

#endif
