/*
 * A run's request out of the command's options; a plan is asked for with the same.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* False, with a message, where an option is wrong. Strings are borrowed or in the cli's arena. */
bool run_request_read(struct cli *cli, Truss__Migration__V1__RunRequest *request);

#endif
