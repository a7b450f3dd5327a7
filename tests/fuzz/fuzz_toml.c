/*
 * Our configuration files: whatever comes, it is refused with a line, or its keys and values are clean text.
 */
#include "base/toml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct toml toml;
    if (!toml_read(arena, "f", (struct text){(const char *)data, size}, &toml, &status)) {
        must(status.code == STATUS_INVALID_ARGUMENT && text_is_utf8(text_of(status.message), NULL));
    } else {
        for (size_t i = 0; i < toml.count; i++) {
            const struct toml_entry *const entry = &toml.entries[i];
            must(toml_find(&toml, entry->table, entry->key) == entry && entry->line >= 1);
            must((entry->kind == TOML_LIST) == (entry->value == NULL));
            must(entry->value == NULL || text_is_utf8(text_of(entry->value), NULL));
        }
    }
    arena_free(arena);
    return 0;
}
