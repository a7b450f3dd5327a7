/*
 * Idempotency keys: for 24 hours the same request with the same key gets the same answer, from any worker and across
 * restarts. Stored in truss.idempotency_keys.
 */
#ifndef WORKER_IDEMPOTENCY_H
#define WORKER_IDEMPOTENCY_H

#include "migration/look/place.h"
#include "rpc/server.h"

/* Does the work of a request: returns its reply, or NULL on failure. beside is borrowed: the session that holds the
 * key's lock, idle meanwhile; NULL without a key. */
typedef ProtobufCMessage *idempotent_work(void *context, struct rpc_call *call, const ProtobufCMessage *input,
                                          struct pg_session *beside);

/* A kind of request that may have a key. */
struct idempotent {
    idempotent_work *work;
    const ProtobufCMessageDescriptor *output;
};

/* Answers a call that may have a key. Without a key it just does the work. With a key, a stored answer is returned
 * again; ABORTED (IN_FLIGHT) while the first request is still running, INVALID_ARGUMENT (IDEMPOTENCY_KEY_REUSED) if the
 * key belongs to a different request. Replies are stored, also those with ok = false; errors are not, since nothing was
 * done, so the key may be used again. If the worker died during the work it is done anew: a run is safe to repeat. */
ProtobufCMessage *idempotent(const struct site *site, const struct idempotent *kind, void *context,
                             struct rpc_call *call, const ProtobufCMessage *input);

/* Reads the key of a call whose result (a branch, a backup) stores the key, and a digest of the request to compare if
 * the key comes again. *key is NULL if there is none; INVALID_ARGUMENT if it is malformed. */
bool idempotency_read(const struct rpc_call *call, const char **key, const char **request);

#endif
