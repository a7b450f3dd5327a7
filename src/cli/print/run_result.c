/*
 * Scripts parse these lines: their first words and their order must not change.
 */
#include "cli/print/run_result.h"

#include "base/words.h"
#include "cli/print/failure_view.h"
#include "cli/print/head.h"
#include "cli/print/output.h"

#include <stdio.h>
#include <string.h>

typedef Truss__Migration__V1__RunResponse RunResponse;

void result_print_applied(struct arena *arena, const char *name, uint32_t duration_ms, uint32_t resumed_steps)
{
    output_put(COLOUR_GREEN, "applied  ");
    const char *const took = duration_ms == 0 ? "by its own tool" : output_duration(arena, duration_ms);
    printf("%s (%s", output_safe(arena, name, false), took);
    if (resumed_steps > 0) {
        printf(", after %s of an earlier run", words_counted(arena, resumed_steps, "step", "steps"));
    }
    printf(")\n");
}

/* What a dry run has tried, and what it could not try. */
static void print_tried(struct arena *arena, const RunResponse *reply)
{
    for (size_t i = 0; i < reply->n_applied; i++) {
        output_put(COLOUR_GREEN, "tried    ");
        printf("%s (%s)\n", output_safe(arena, reply->applied[i]->name, false),
               output_duration(arena, reply->applied[i]->duration_ms));
    }
    for (size_t i = 0; i < reply->n_not_tried; i++) {
        output_put(COLOUR_YELLOW, "untried  ");
        printf("%s, step %u: %s\n", output_safe(arena, reply->not_tried[i]->migration, false),
               reply->not_tried[i]->step, output_safe(arena, reply->not_tried[i]->reason, false));
    }
}

static bool is_told(const char *name, const char *const *told, size_t told_count)
{
    for (size_t i = 0; i < told_count; i++) {
        if (strcmp(told[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void result_print_migrations(struct cli *cli, const RunResponse *reply, const char *const *told, size_t told_count)
{
    struct arena *const arena = cli->arena;
    head_print(cli, reply->target);
    if (reply->dry_run) {
        print_tried(arena, reply);
    }
    for (size_t i = 0; !reply->dry_run && i < reply->n_applied; i++) {
        const Truss__Migration__V1__AppliedMigration *const applied = reply->applied[i];
        if (!is_told(applied->name, told, told_count)) {
            result_print_applied(arena, applied->name, applied->duration_ms, applied->resumed_steps);
        }
    }
    if (reply->failed != NULL) {
        failure_print(cli, reply->failed);
    }
    for (size_t i = 0; i < reply->n_warnings; i++) {
        output_put(COLOUR_YELLOW, "warning: ");
        printf("%s\n", output_safe(arena, reply->warnings[i], false));
    }
}

void result_print(struct cli *cli, const RunResponse *reply, const char *const *told, size_t told_count)
{
    result_print_migrations(cli, reply, told, told_count);
    printf("%s\n", output_safe(cli->arena, reply->summary, false));
    failure_print_next(cli, reply);
}
