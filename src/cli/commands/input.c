#include "cli/commands/input.h"

#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool input_check(struct text content, const char *from, struct status *status)
{
    return memchr(content.data, '\0', content.size) == NULL ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "%s has a NUL byte, so it is no text.", from);
}

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
    if (ferror(stdin) != 0) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "Standard input cannot be read: %s.", strerror(errno));
    }
    *content = (struct text){buffer_string(&buffer), buffer.size};
    return input_check(*content, "Standard input", status);
}
