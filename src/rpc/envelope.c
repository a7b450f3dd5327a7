/*
 * protobuf-c trusts its input: it has no limit of depth, does not check UTF-8, and ends strings at a NUL. So we check
 * the bytes by the descriptor first, and let it allocate from a budget.
 */
#include "rpc/envelope.h"

#include "base/memory.h"
#include "base/shortage.h"
#include "rpc/status_message.h"

#include <string.h>

#define DEEPEST 32
#define BLOCK   ((size_t)256 * 1024) /* the most that an arena takes at a time */

#define SMALL        ((size_t)64 * 1024) /* smaller ones may use the reserve of memory */
#define PAYLOAD_TAG  ((2 << 3) | 2)      /* Request.payload and Response.payload */
#define LONGEST_HEAD 11                  /* the tag, and a length of ten bytes */

/* ---- checking bytes from outside ---- */

/* The budget of one message; protobuf-c fails cleanly if an allocation is refused. */
struct allowance {
    struct arena *arena;
    size_t left;
    bool refused;
    bool lacks_memory;
};

static void *allocate(void *data, size_t size)
{
    struct allowance *const allowance = data;
    void *const memory = size <= allowance->left ? arena_try_alloc(allowance->arena, size) : NULL;
    if (memory != NULL) {
        allowance->left -= size;
    } else if (size <= allowance->left && !memory_has_room(size + BLOCK)) {
        allowance->lacks_memory = true;
    } else {
        allowance->refused = true;
    }
    return memory;
}

static void release(void *data, void *memory)
{
    (void)data;
    (void)memory;
}

/* Reads a varint from the front; false if it does not end within ten bytes. */
static bool take_varint(struct text *bytes, uint64_t *value)
{
    if (bytes->size > 0 && ((unsigned char)bytes->data[0] & 0x80) == 0) { /* nearly all of them */
        *value = (unsigned char)bytes->data[0];
        *bytes = (struct text){bytes->data + 1, bytes->size - 1};
        return true;
    }
    *value = 0;
    for (size_t i = 0; i < 10 && i < bytes->size; i++) {
        const uint64_t seven = (unsigned char)bytes->data[i] & 0x7F;
        *value |= i < 9 ? seven << (7 * i) : seven << 63;
        if (((unsigned char)bytes->data[i] & 0x80) == 0) {
            *bytes = text_slice(*bytes, i + 1, bytes->size);
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct text *bytes, uint64_t size, struct text *taken)
{
    if (size > bytes->size) {
        return false;
    }
    *taken = text_slice(*bytes, 0, (size_t)size);
    *bytes = text_slice(*bytes, (size_t)size, bytes->size);
    return true;
}

/* Takes the value of a field with this wire type. Groups, which proto3 does not have, are refused. */
static bool take_value(struct text *bytes, unsigned wire_type, struct text *value)
{
    uint64_t number;
    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return take_varint(bytes, &number);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        return take_bytes(bytes, 8, value);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return take_varint(bytes, &number) && take_bytes(bytes, number, value);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return take_bytes(bytes, 4, value);
    default:
        return false;
    }
}

static const char *problem_of(const ProtobufCMessageDescriptor *descriptor, struct text bytes, int depth);

/* What is wrong with a field's value; NULL: nothing. */
static const char *problem_of_value(const ProtobufCFieldDescriptor *field, struct text value, int depth)
{
    if (field == NULL) {
        return NULL;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        if (value.size > 0 && memchr(value.data, '\0', value.size) != NULL) {
            return "a string has a NUL byte";
        }
        return text_is_utf8(value, NULL) ? NULL : "a string is not UTF-8";
    }
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? problem_of(field->descriptor, value, depth + 1) : NULL;
}

static const char *problem_of(const ProtobufCMessageDescriptor *descriptor, struct text bytes, int depth)
{
    if (depth > DEEPEST) {
        return "it nests too deep";
    }
    while (bytes.size > 0) {
        uint64_t tag;
        struct text value = {0};
        if (!take_varint(&bytes, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF ||
            !take_value(&bytes, (unsigned)(tag & 7), &value)) {
            return "its bytes are cut short or no protobuf";
        }
        const ProtobufCFieldDescriptor *const field =
            protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
        const bool prefixed = (tag & 7) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
        const char *const problem = prefixed ? problem_of_value(field, value, depth) : NULL;
        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

ProtobufCMessage *rpc_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct text bytes,
                             struct status *status)
{
    struct allowance allowance = {.arena = arena, .left = RPC_ARENA_BUDGET};
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = &allowance};
    const char *const problem = problem_of(descriptor, bytes, 0);
    if (problem != NULL) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "The message is not a %s: %s.", descriptor->name, problem);
        return NULL;
    }
    ProtobufCMessage *const message =
        protobuf_c_message_unpack(descriptor, &allocator, bytes.size, (const uint8_t *)bytes.data);
    if (message == NULL && allowance.lacks_memory) {
        shortage(status, "read", "the message");
    } else if (message == NULL && allowance.refused) {
        status_fail(status, STATUS_RESOURCE_EXHAUSTED,
                    "The message takes too much memory to read; send a smaller one.");
    } else if (message == NULL) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "The message is not a %s: a field has the wrong type.",
                    descriptor->name);
    }
    return message;
}

/* ---- requests ---- */

const char *rpc_request_metadata(const struct rpc_request *request, const char *key)
{
    for (size_t i = 0; i < request->metadata_count; i++) {
        if (strcmp(request->metadata[i].key, key) == 0) {
            return request->metadata[i].value;
        }
    }
    return NULL;
}

void rpc_request_digest(const struct rpc_request *request, unsigned char digest[SHA256_SIZE])
{
    struct sha256 hash;
    const struct text login = text_of(rpc_request_metadata(request, "authorization"));
    sha256_start(&hash);
    sha256_add(&hash, text_of(request->method));
    sha256_add(&hash, (struct text){"", 1});
    sha256_add(&hash, login); /* contains no NUL */
    sha256_add(&hash, (struct text){"", 1});
    sha256_add(&hash, request->payload);
    sha256_finish(&hash, digest);
}

/* protobuf-c's strings are char *, but packing only reads them. */
static char *borrowed(const char *string)
{
    return string == NULL ? (char *)(uintptr_t) "" : (char *)(uintptr_t)string;
}

static struct text pack(struct arena *arena, const ProtobufCMessage *message)
{
    uint8_t *const bytes = arena_alloc(arena, protobuf_c_message_get_packed_size(message));
    return (struct text){(const char *)bytes, protobuf_c_message_pack(message, bytes)};
}

/* A message whose size is known; computing the size visits the whole message. */
struct payload {
    const ProtobufCMessage *message;
    size_t size;
};

/* Packs the envelope without its payload (NULL: it has nothing else), and after it the payload, directly into its
 * place, so that a large one is in memory only once. Returns false if there is no memory. */
static bool pack_around(struct arena *arena, const ProtobufCMessage *envelope, const struct payload *payload,
                        struct text *bytes)
{
    const size_t front = envelope == NULL ? 0 : protobuf_c_message_get_packed_size(envelope);
    const size_t most = front + LONGEST_HEAD + payload->size;
    uint8_t *const packed = most <= SMALL ? arena_alloc(arena, most) : arena_try_alloc(arena, most);
    if (packed == NULL) {
        return false;
    }
    size_t at = envelope == NULL ? 0 : protobuf_c_message_pack(envelope, packed);
    packed[at++] = PAYLOAD_TAG;
    size_t length = payload->size;
    for (; length > 0x7F; length >>= 7) {
        packed[at++] = (uint8_t)(length | 0x80);
    }
    packed[at++] = (uint8_t)length;
    at += protobuf_c_message_pack(payload->message, packed + at);
    *bytes = (struct text){(const char *)packed, at};
    return true;
}

bool rpc_request_pack(struct arena *arena, const struct rpc_request *request, const ProtobufCMessage *message,
                      struct text *bytes, struct status *status)
{
    Truss__Rpc__V1__Request envelope = TRUSS__RPC__V1__REQUEST__INIT;
    Truss__Rpc__V1__Metadata metadata[RPC_METADATA_LIMIT];
    Truss__Rpc__V1__Metadata *pointers[RPC_METADATA_LIMIT];
    for (size_t i = 0; i < request->metadata_count; i++) {
        truss__rpc__v1__metadata__init(&metadata[i]);
        metadata[i].key = borrowed(request->metadata[i].key);
        metadata[i].value = borrowed(request->metadata[i].value);
        pointers[i] = &metadata[i];
    }
    const size_t size = protobuf_c_message_get_packed_size(message);
    if (size > RPC_MESSAGE_LIMIT - 64 * 1024) {
        return status_fail(status, STATUS_RESOURCE_EXHAUSTED, "The request is larger than %zu bytes.",
                           RPC_MESSAGE_LIMIT - 64 * 1024);
    }
    envelope.method = borrowed(request->method);
    envelope.timeout_ms = request->timeout_ms;
    envelope.n_metadata = request->metadata_count;
    envelope.metadata = pointers;
    if (!pack_around(arena, &envelope.base, &(struct payload){message, size}, bytes)) {
        return shortage(status, "send", "the request");
    }
    return bytes->size <= RPC_MESSAGE_LIMIT ||
           status_fail(status, STATUS_RESOURCE_EXHAUSTED, "The request's metadata is too large.");
}

static bool has_control_character(const char *string)
{
    for (; *string != '\0'; string++) {
        if ((unsigned char)*string < 0x20 || *string == 0x7F) {
            return true;
        }
    }
    return false;
}

/* Is the metadata acceptable? It is copied, logged and compared before the sender is authenticated. */
static bool is_sane(const struct rpc_metadata *one, struct status *status)
{
    const size_t most = strcmp(one->key, "request-id") == 0 ? LIMIT_REQUEST_ID : RPC_METADATA_SIZE;
    if (has_control_character(one->key) || has_control_character(one->value)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The request's metadata has control characters.");
    }
    return (strlen(one->key) <= RPC_METADATA_KEY && strlen(one->value) <= most) ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "The request's metadata \"%.*s\" is longer than %zu bytes.",
                       RPC_METADATA_KEY, one->key, most);
}

bool rpc_request_unpack(struct arena *arena, struct text bytes, struct rpc_request *request, struct status *status)
{
    *request = (struct rpc_request){0};
    const Truss__Rpc__V1__Request *const envelope =
        (const Truss__Rpc__V1__Request *)rpc_unpack(arena, &truss__rpc__v1__request__descriptor, bytes, status);
    if (envelope == NULL) {
        return false;
    }
    if (envelope->n_metadata > RPC_METADATA_LIMIT) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The request has more than %d metadata entries.",
                           RPC_METADATA_LIMIT);
    }
    request->method = envelope->method;
    request->timeout_ms = envelope->timeout_ms;
    request->payload = (struct text){(const char *)envelope->payload.data, envelope->payload.len};
    for (size_t i = 0; i < envelope->n_metadata; i++) {
        const struct rpc_metadata one = {envelope->metadata[i]->key, envelope->metadata[i]->value};
        if (!is_sane(&one, status)) {
            return false;
        }
        request->metadata[request->metadata_count++] = one;
    }
    return true;
}

/* ---- responses ---- */

struct text rpc_failure_pack(struct arena *arena, const struct status *failure)
{
    Truss__Rpc__V1__Response envelope = TRUSS__RPC__V1__RESPONSE__INIT;
    struct status own = {.arena = arena};
    if (failure->code == STATUS_OK) { /* the other side would take it for an empty reply */
        status_fail(&own, STATUS_INTERNAL, "The method gave no answer.");
        failure = &own;
    }
    envelope.status = status_message(arena, failure);
    return pack(arena, &envelope.base);
}

struct text rpc_reply_pack(struct arena *arena, const ProtobufCMessage *reply, struct status *status)
{
    const size_t size = protobuf_c_message_get_packed_size(reply);
    struct text bytes;
    if (size > RPC_MESSAGE_LIMIT - 1024) {
        status_fail(status, STATUS_RESOURCE_EXHAUSTED, "The answer is larger than %zu bytes.",
                    RPC_MESSAGE_LIMIT - 1024);
    } else if (pack_around(arena, NULL, &(struct payload){reply, size}, &bytes)) {
        return bytes;
    } else {
        shortage(status, "send", "the answer");
    }
    return rpc_failure_pack(arena, status);
}

ProtobufCMessage *rpc_response_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      struct text bytes, struct status *outcome)
{
    const Truss__Rpc__V1__Response *const envelope =
        (const Truss__Rpc__V1__Response *)rpc_unpack(arena, &truss__rpc__v1__response__descriptor, bytes, outcome);
    ProtobufCMessage *message = NULL;
    if (envelope != NULL && envelope->status != NULL && envelope->status->code != STATUS_OK) {
        status_read(envelope->status, outcome);
        return NULL;
    }
    if (envelope != NULL) {
        const struct text payload = {(const char *)envelope->payload.data, envelope->payload.len};
        message = rpc_unpack(arena, descriptor, payload, outcome);
    }
    if (message == NULL) {
        const char *const reason = outcome->message;
        status_fail(outcome, STATUS_INTERNAL, "The worker's answer cannot be read: %s", reason);
    }
    return message;
}
