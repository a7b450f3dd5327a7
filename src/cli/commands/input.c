#include "cli/commands/input.h"

#include "base/limits.h"

#include <stdio.h>

bool input_read(struct arena *arena, struct text *content, struct status *status)
{
    struct buffer buffer = {.arena = arena};
    char piece[16384];
    for (size_t size; (size = fread(piece, 1, sizeof piece, stdin)) > 0;) {
        buffer_add(&buffer, (struct text){piece, size});
        if (buffer.size > LIMIT_SCRIPT) {
            return status_fail(status, STATUS_RESOURCE_EXHAUSTED, "The script is larger than %zu bytes.", LIMIT_SCRIPT);
        }
    }
    *content = text_of(buffer_string(&buffer));
    return true;
}
