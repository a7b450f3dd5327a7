/*
 * Adds to a run's result.
 */
#include "migration/result.h"

#include "base/clock.h"

#include <string.h>

uint32_t result_took(int64_t began)
{
    const int64_t ms = clock_ms() - began;
    return ms < 1 ? 1 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

void result_add_applied(struct arena *arena, struct run_result *result, const struct run_applied *applied)
{
    result->applied =
        arena_grow(arena, result->applied, result->applied_count, &result->applied_capacity, sizeof *result->applied);
    result->applied[result->applied_count++] = *applied;
}

void result_remove_applied(struct run_result *result, const char *name)
{
    for (size_t i = result->applied_count; i > 0; i--) {
        if (strcmp(result->applied[i - 1].name, name) == 0) {
            memmove(&result->applied[i - 1], &result->applied[i],
                    (result->applied_count - i) * sizeof *result->applied);
            result->applied_count--;
            return;
        }
    }
}

void result_add_untried(struct arena *arena, struct run_result *result, const struct run_untried *untried)
{
    result->untried =
        arena_grow(arena, result->untried, result->untried_count, &result->untried_capacity, sizeof *result->untried);
    result->untried[result->untried_count++] = *untried;
}

const char *result_applied(struct arena *arena, size_t count)
{
    return arena_printf(arena, "Applied %zu migration(s) successfully.", count);
}

const char *result_before(struct arena *arena, size_t count)
{
    return count == 1 ? "the migration before it stays"
                      : arena_printf(arena, "the %zu migrations before it stay", count);
}

void result_add_warning(struct arena *arena, struct run_result *result, const char *warning)
{
    result->warnings =
        arena_grow(arena, result->warnings, result->warning_count, &result->warning_capacity, sizeof *result->warnings);
    result->warnings[result->warning_count++] = warning;
}
