/*
 * Prints a plan for people.
 */
#ifndef CLI_PRINT_PLAN_VIEW_H
#define CLI_PRINT_PLAN_VIEW_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdbool.h>

/* verbose: show every statement. */
void plan_print(struct cli *cli, const Truss__Migration__V1__PlanResponse *reply, bool verbose);

#endif
