/*
 * A plan in a file: what was reviewed and approved is what runs, also in another job or on another day. The file
 * contains the request and the plan: no password, but the statements.
 */
#ifndef CLI_COMMANDS_SAVED_PLAN_H
#define CLI_COMMANDS_SAVED_PLAN_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <stdbool.h>

/* Writes the file of --save, completely or not at all. Returns false with a message on failure. */
bool saved_plan_write(struct cli *cli, const Truss__Migration__V1__RunRequest *request,
                      const Truss__Migration__V1__PlanResponse *plan);

/* Reads the file of --plan, if given, into the request; options that the file determines must not be given, too. Then
 * asks for the plan again, and refuses (REASON_PLAN_CHANGED) with the differences if it is now of another database or
 * another plan. The worker checks the hash once more when it has its locks. *done: the answer, if the plan was carried
 * out before (plan_done.h), and there is nothing to run; otherwise NULL. */
bool saved_plan_read(struct cli *cli, Truss__Migration__V1__RunRequest *request,
                     const Truss__Migration__V1__RunResponse **done);

#endif
