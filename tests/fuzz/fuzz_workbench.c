/*
 * Any text to the first wall of the workbench. What it lets through must be one statement again by itself: the part
 * that is sent is read anew, and may not be refused then.
 */
#include "workbench/statement.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct statement_rules rules = {.parameters = 3};
    const struct text text = {arena_strndup(arena, (const char *)data, size), size};
    struct sql_statement statement;
    struct sql_statement again;
    if (statement_read(arena, text, &rules, &statement, &status) &&
        (!statement_read(arena, statement.query, &rules, &again, &status) || again.is_explain)) {
        abort();
    }
    arena_free(arena);
    return 0;
}
