/*
 * Makes the request of a run or a plan from the command's options.
 */
#ifndef CLI_COMMANDS_RUN_REQUEST_H
#define CLI_COMMANDS_RUN_REQUEST_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Returns false with a message if options contradict each other. Strings are borrowed or in the cli's arena. */
bool run_request_read(struct cli *cli, Truss__Migration__V1__RunRequest *request);

/* The same request for a plan, so that what is shown is what runs. Borrows its strings. */
Truss__Migration__V1__PlanRequest run_request_as_plan(const Truss__Migration__V1__RunRequest *run);

/* Asks for the plan of such a run; NULL with a message on failure. */
const Truss__Migration__V1__PlanResponse *run_request_plan(struct cli *cli,
                                                           const Truss__Migration__V1__RunRequest *run);

/* The plan's migration of this name; NULL: it has none. */
const Truss__Migration__V1__PlannedMigration *run_request_planned(const Truss__Migration__V1__PlanResponse *plan,
                                                                  const char *name);

#endif
