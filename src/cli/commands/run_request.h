/*
 * What a run or a plan is asked for with, out of the command's options.
 */
#ifndef CLI_COMMANDS_RUN_REQUEST_H
#define CLI_COMMANDS_RUN_REQUEST_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* False, with a message, where options contradict each other. Strings are borrowed or in the cli's arena. */
bool run_request_read(struct cli *cli, Truss__Migration__V1__RunRequest *request);

/* The same for a plan: what was shown is what runs. Borrows its strings. */
Truss__Migration__V1__PlanRequest run_request_as_plan(const Truss__Migration__V1__RunRequest *run);

/* What such a run would do; NULL where that failed, with a message. */
const Truss__Migration__V1__PlanResponse *run_request_plan(struct cli *cli,
                                                           const Truss__Migration__V1__RunRequest *run);

#endif
