/*
 * What a worker says of itself: any bytes are refused, or make services whose messages can be written.
 */
#include "rpc/described.h"
#include "rpc/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct described described;
    if (described_read(arena, (struct text){(const char *)data, size}, &described, &status)) {
        for (size_t i = 0; i < described.count; i++) {
            for (unsigned j = 0; j < described.services[i]->n_methods; j++) {
                struct buffer json = {.arena = arena};
                json_write(&json, json_read(arena, described.services[i]->methods[j].input, text_of(""), &status),
                           JSON_SNAKE);
            }
        }
    }
    arena_free(arena);
    return 0;
}
