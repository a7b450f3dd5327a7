/*
 * Envelopes: bytes as a request, as a response, and as what an error quotes. What is taken must come out again when it
 * is packed and read once more.
 */
#include "rpc/envelope.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_request(struct arena *arena, struct text bytes)
{
    struct status status = {.arena = arena};
    struct rpc_request request;
    struct rpc_request again;
    struct text packed;
    if (!rpc_request_unpack(arena, bytes, &request, &status)) {
        if (status.code == STATUS_OK || status.message == NULL) {
            abort();
        }
        return;
    }
    ProtobufCMessage *const run =
        rpc_unpack(arena, &truss__migration__v1__run_request__descriptor, request.payload, &status);
    if (run != NULL && rpc_request_pack(arena, &request, run, &packed, &status) &&
        (!rpc_request_unpack(arena, packed, &again, &status) || strcmp(again.method, request.method) != 0 ||
         again.metadata_count != request.metadata_count)) {
        abort();
    }
}

static void quote_in_error(struct text bytes)
{
    struct arena *const arena = arena_new(0);
    const char *const string = arena_strndup(arena, bytes.data, bytes.size);
    const struct status outcome = {.code = STATUS_NOT_FOUND, .message = string, .suggestions = {string}};
    struct status arrived = {.arena = arena};
    rpc_response_unpack(arena, &truss__migration__v1__get_status_response__descriptor,
                        rpc_failure_pack(arena, &outcome), &arrived);
    if (arrived.code != STATUS_NOT_FOUND) {
        abort();
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new((size_t)16 * 1024 * 1024);
    const struct text bytes = {(const char *)data, size};
    struct status outcome = {.arena = arena};
    quote_in_error(bytes);
    take_request(arena, bytes);
    rpc_response_unpack(arena, &truss__migration__v1__get_status_response__descriptor, bytes, &outcome);
    arena_free(arena);
    return 0;
}
