/*
 * JSON into messages and back: what was read must be written as what reads the same.
 */
#include "rpc/json.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const types[] = {
    &truss__migration__v1__run_request__descriptor,
    &truss__migration__v1__detect_schema_request__descriptor,
    &truss__migration__v1__run_response__descriptor,
    &truss__migration__v1__check_response__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct text text = {(const char *)data, size};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const ProtobufCMessage *const message = json_read(arena, types[i], text, &status);
        if (message == NULL) {
            continue;
        }
        struct buffer first = {.arena = arena};
        struct buffer second = {.arena = arena};
        json_write(&first, message, JSON_CAMEL);
        const ProtobufCMessage *const again = json_read(arena, types[i], buffer_text(&first), &status);
        if (again == NULL) {
            abort();
        }
        json_write(&second, again, JSON_CAMEL);
        if (!text_equal(buffer_text(&first), buffer_text(&second))) {
            abort();
        }
    }
    arena_free(arena);
    return 0;
}
