/*
 * Prints the result of a run, for people and scripts: a line for each migration, the failure, the summary.
 */
#ifndef CLI_PRINT_RUN_RESULT_H
#define CLI_PRINT_RUN_RESULT_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Prints "applied  NAME (12 ms)". duration_ms: 0 is not known, as of what a tool has run; then "(by its own tool)". */
void result_print_applied(struct arena *arena, const char *name, uint32_t duration_ms, uint32_t resumed_steps);

/* Prints everything. told: the names of `told_count` migrations whose lines were already printed. */
void result_print(struct cli *cli, const Truss__Migration__V1__RunResponse *reply, const char *const *told,
                  size_t told_count);

/* The same without the summary and what to do next: of a run that is a part of something else. */
void result_print_migrations(struct cli *cli, const Truss__Migration__V1__RunResponse *reply, const char *const *told,
                             size_t told_count);

#endif
