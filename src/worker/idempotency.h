/*
 * Idempotency keys: the same request with the same key has the same answer for 24 hours, whichever worker is asked and
 * however often it was restarted in between. Kept in truss.idempotency_keys.
 */
#ifndef WORKER_IDEMPOTENCY_H
#define WORKER_IDEMPOTENCY_H

#include "migration/look/place.h"
#include "rpc/server.h"

/* Does the work of a request: makes its reply, or fails. beside is borrowed: the session that holds the key's lock,
 * idle meanwhile; NULL where there is no key. */
typedef ProtobufCMessage *idempotent_work(void *context, struct rpc_call *call, const ProtobufCMessage *input,
                                          struct pg_session *beside);

/* A kind of work that may bear a key. */
struct idempotent {
    idempotent_work *work;
    const ProtobufCMessageDescriptor *output;
};

/* Answers a call that may bear a key: without one it is simply done. With one, an answer that is kept is given again;
 * ABORTED (IN_FLIGHT) while the first request is still being worked on, INVALID_ARGUMENT (IDEMPOTENCY_KEY_REUSED) where
 * it was another request. An answer is kept, also one that says ok = false; an error is not, because nothing was done:
 * the same key may be tried again. One whose worker died in the middle is done anew: running is safe to repeat. */
ProtobufCMessage *idempotent(const struct site *site, const struct idempotent *kind, void *context,
                             struct rpc_call *call, const ProtobufCMessage *input);

/* The key of a call that is kept by what it makes (a branch, a backup), and a digest of what was asked for, to be
 * compared where the key comes again. *key is NULL where there is none; INVALID_ARGUMENT where it is none. */
bool idempotency_read(const struct rpc_call *call, const char **key, const char **request);

#endif
