/*
 * What a person needs of a failed migration: what the server says, the script's lines around the place, and what to do
 * next, as a command.
 */
#ifndef CLI_PRINT_FAILURE_VIEW_H
#define CLI_PRINT_FAILURE_VIEW_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* The failure with its place in the script, for which the worker is asked. */
void failure_print(struct cli *cli, const Truss__Migration__V1__FailedMigration *failed);

/* "Next: …" */
void failure_print_next(struct cli *cli, const Truss__Migration__V1__RunResponse *reply);

#endif
