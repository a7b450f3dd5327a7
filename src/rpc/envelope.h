/*
 * The envelope of a call as bytes: packing and unpacking of truss.rpc.v1.Request and Response, with every length, depth
 * and encoding that comes from outside checked here.
 */
#ifndef RPC_ENVELOPE_H
#define RPC_ENVELOPE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

#include <protobuf-c/protobuf-c.h>

/* The largest message either side takes: a 5 MB migration in a preview fits, with room. */
#define RPC_MESSAGE_LIMIT LIMIT_MESSAGE

/* What unpacking one message may use: protobuf-c can use about 100 times the bytes of a hostile message. */
#define RPC_ARENA_BUDGET ((size_t)64 * 1024 * 1024)

/* Unpacks a message of any type into the arena. Fails with INVALID_ARGUMENT where the bytes are not such a message,
 * nest more than 32 deep or hold a string that is not UTF-8 or has a NUL; RESOURCE_EXHAUSTED where it would take more
 * than RPC_ARENA_BUDGET, or than the arena has left of its own. */
ProtobufCMessage *rpc_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct text bytes,
                             struct status *status);

struct rpc_metadata {
    const char *key;
    const char *value;
};

#define RPC_METADATA_LIMIT 32
#define RPC_METADATA_KEY   64                  /* bytes of a key, */
#define RPC_METADATA_SIZE  ((size_t)16 * 1024) /* and of a value; of a request-id LIMIT_REQUEST_ID */

/* A request as its receiver sees it; strings and payload live in the arena. */
struct rpc_request {
    const char *method; /* "/package.Service/Method" */
    struct text payload;
    uint32_t timeout_ms; /* 0: none */
    struct rpc_metadata metadata[RPC_METADATA_LIMIT];
    size_t metadata_count;
};

/* Value of a metadata key; NULL where it is absent. */
const char *rpc_request_metadata(const struct rpc_request *request, const char *key);

/* Of its method, its login and its payload: two that have the same ask the same. */
void rpc_request_digest(const struct rpc_request *request, unsigned char digest[SHA256_SIZE]);

/* The packed envelope around a message. Fails with RESOURCE_EXHAUSTED beyond RPC_MESSAGE_LIMIT, UNAVAILABLE where there
 * is no memory for a large one. request->payload is
 * ignored: the message is the payload. */
bool rpc_request_pack(struct arena *arena, const struct rpc_request *request, const ProtobufCMessage *message,
                      struct text *bytes, struct status *status);
bool rpc_request_unpack(struct arena *arena, struct text bytes, struct rpc_request *request, struct status *status);

/* The response of a failure. What it says becomes UTF-8 of a bounded length: always bytes that the other side can read.
 */
struct text rpc_failure_pack(struct arena *arena, const struct status *failure);

/* The response with a reply. One that is too large to send, or for which there is no memory, fails *status
 * (RESOURCE_EXHAUSTED, UNAVAILABLE), and the response is that of this failure. */
struct text rpc_reply_pack(struct arena *arena, const ProtobufCMessage *reply, struct status *status);

/* Unpacks a response: fills *outcome (whose arena must be set) with what the other side said and returns the message,
 * or NULL where the outcome is not OK or the bytes are no response (INTERNAL). */
ProtobufCMessage *rpc_response_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      struct text bytes, struct status *outcome);

#endif
