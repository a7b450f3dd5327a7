/*
 * What a person needs to know about a failed migration: the server's message, the script's lines around the place, and
 * the next step as a command.
 */
#ifndef CLI_PRINT_FAILURE_VIEW_H
#define CLI_PRINT_FAILURE_VIEW_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Prints the failure with its place in the script, which it gets from the worker. */
void failure_print(struct cli *cli, const Truss__Migration__V1__FailedMigration *failed);

/* Prints "Next: …". */
void failure_print_next(struct cli *cli, const Truss__Migration__V1__RunResponse *reply);

/* The same for a migration of a status, if its last attempt failed or one is not resolved: what to do now, if its note
 * does not say it. */
void failure_print_next_of(const struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply,
                           const Truss__Migration__V1__Migration *migration);

#endif
