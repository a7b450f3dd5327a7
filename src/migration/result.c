/*
 * What a run adds to as it goes.
 */
#include "migration/result.h"

void result_add_applied(struct arena *arena, struct run_result *result, const struct run_applied *applied)
{
    result->applied =
        arena_grow(arena, result->applied, result->applied_count, &result->applied_capacity, sizeof *result->applied);
    result->applied[result->applied_count++] = *applied;
}

void result_add_untried(struct arena *arena, struct run_result *result, const struct run_untried *untried)
{
    result->untried =
        arena_grow(arena, result->untried, result->untried_count, &result->untried_capacity, sizeof *result->untried);
    result->untried[result->untried_count++] = *untried;
}

void result_add_warning(struct arena *arena, struct run_result *result, const char *warning)
{
    result->warnings =
        arena_grow(arena, result->warnings, result->warning_count, &result->warning_capacity, sizeof *result->warnings);
    result->warnings[result->warning_count++] = warning;
}
