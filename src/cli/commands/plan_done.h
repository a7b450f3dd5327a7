/*
 * A saved plan that was carried out before: a pipeline that is started again does not fail at what it has done.
 */
#ifndef CLI_COMMANDS_PLAN_DONE_H
#define CLI_COMMANDS_PLAN_DONE_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Are all migrations of this plan applied, with the files that it was made of? Then returns the answer of a run that
 * had nothing to do; NULL if not, or if that cannot be known. request: the plan's run; now: the plan of the present
 * database. */
const Truss__Migration__V1__RunResponse *plan_done(const struct cli *cli,
                                                   const Truss__Migration__V1__RunRequest *request,
                                                   const Truss__Migration__V1__PlanResponse *then,
                                                   const Truss__Migration__V1__PlanResponse *now);

#endif
