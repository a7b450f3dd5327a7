/*
 * A run's request out of the command's options; a plan is asked for with the same.
 */
#ifndef CLI_RUN_COMMAND_H
#define CLI_RUN_COMMAND_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* False, with a message, where an option is wrong. Strings are borrowed or in the cli's arena. */
bool run_request_read(struct cli *cli, Truss__Migration__V1__RunRequest *request);

/* What such a run would do; NULL where that failed, with a message. */
const Truss__Migration__V1__PlanResponse *plan_ask(struct cli *cli, const Truss__Migration__V1__RunRequest *run);

/* The plan for a person; with how to run it, unless that was said already (cli->yes). */
void plan_print(const struct cli *cli, const Truss__Migration__V1__PlanResponse *reply);

#endif
