/*
 * Packs and unpacks the envelope of a call, truss.rpc.v1.Request and Response. Every length, depth and encoding that
 * comes from outside is checked here.
 */
#ifndef RPC_ENVELOPE_H
#define RPC_ENVELOPE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

#include <protobuf-c/protobuf-c.h>

/* The largest message that either side accepts: room for a migration of 5 MB in a preview. */
#define RPC_MESSAGE_LIMIT LIMIT_MESSAGE

/* The memory that unpacking one message may use: protobuf-c can use about 100 times the size of a hostile message. */
#define RPC_ARENA_BUDGET ((size_t)64 * 1024 * 1024)

/* Unpacks a message of any type into the arena. Fails with INVALID_ARGUMENT if the bytes are not such a message, nest
 * more than 32 deep, or hold a string that is not UTF-8 or contains a NUL; with RESOURCE_EXHAUSTED if it needs more
 * than RPC_ARENA_BUDGET, or than the arena may still use. */
ProtobufCMessage *rpc_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct text bytes,
                             struct status *status);

struct rpc_metadata {
    const char *key;
    const char *value;
};

#define RPC_METADATA_LIMIT 32
#define RPC_METADATA_KEY   64                  /* bytes of a key */
#define RPC_METADATA_SIZE  ((size_t)16 * 1024) /* bytes of a value; a request-id: LIMIT_REQUEST_ID */

/* A request as its receiver sees it; strings and payload live in the arena. */
struct rpc_request {
    const char *method; /* "/package.Service/Method" */
    struct text payload;
    uint32_t timeout_ms; /* 0: none */
    struct rpc_metadata metadata[RPC_METADATA_LIMIT];
    size_t metadata_count;
};

/* The value of a metadata key; NULL if it is absent. */
const char *rpc_request_metadata(const struct rpc_request *request, const char *key);

/* Hashes the method, the login and the payload: requests with equal digests are equal. */
void rpc_request_digest(const struct rpc_request *request, unsigned char digest[SHA256_SIZE]);

/* Packs the envelope around a message, which becomes its payload (request->payload is ignored). Fails with
 * RESOURCE_EXHAUSTED beyond RPC_MESSAGE_LIMIT, and with UNAVAILABLE if there is no memory for a large one. */
bool rpc_request_pack(struct arena *arena, const struct rpc_request *request, const ProtobufCMessage *message,
                      struct text *bytes, struct status *status);
bool rpc_request_unpack(struct arena *arena, struct text bytes, struct rpc_request *request, struct status *status);

/* Packs the response to a failed request. Its texts are made valid UTF-8 of a bounded length, so that the other side
 * can always read it. */
struct text rpc_failure_pack(struct arena *arena, const struct status *failure);

/* Packs the response with a reply. If the reply is too large or there is no memory for it, sets *status
 * (RESOURCE_EXHAUSTED, UNAVAILABLE) and returns the response with that failure. */
struct text rpc_reply_pack(struct arena *arena, const ProtobufCMessage *reply, struct status *status);

/* Unpacks a response: fills *outcome (whose arena must be set) with the status that it carries and returns the message;
 * NULL if the outcome is not OK, or if the bytes are not a response (INTERNAL). */
ProtobufCMessage *rpc_response_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      struct text bytes, struct status *outcome);

#endif
