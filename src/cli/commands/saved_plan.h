/*
 * A plan in a file: what was looked at and approved is what runs, also in another job, on another day. The file holds
 * what the plan was asked for with, and the plan: no password, but the statements that it lists.
 */
#ifndef CLI_COMMANDS_SAVED_PLAN_H
#define CLI_COMMANDS_SAVED_PLAN_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdbool.h>

/* Writes the file of --save, whole or not at all. False with a message. */
bool saved_plan_write(struct cli *cli, const Truss__Migration__V1__RunRequest *request,
                      const Truss__Migration__V1__PlanResponse *plan);

/* Reads the file of --plan into the request, where that was given; what the file says may not be said beside it. Then
 * asks for the plan anew: refuses (REASON_PLAN_CHANGED), with what has changed, where it is of another database or
 * another plan now. The worker holds the hash against the plan again when it has its locks. */
bool saved_plan_read(struct cli *cli, Truss__Migration__V1__RunRequest *request);

#endif
