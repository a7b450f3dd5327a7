/*
 * The question before a run. It is asked whenever a person sits at standard input, also where the output goes into a
 * pipe or is JSON, and whenever a pipe or a file at standard input says something: `printf n | truss run` runs nothing.
 * What is run then is the plan that was shown, and no other. Where nobody can answer (/dev/null, an empty pipe) nothing
 * is asked; a pipe that neither speaks nor ends is no yes.
 */
#ifndef CLI_COMMANDS_CONFIRM_H
#define CLI_COMMANDS_CONFIRM_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Shows the plan and asks, where there is somebody to ask and nothing says that it is decided (--yes, --key,
 * --plan, --plan-hash, --dry-run). A plan that loses data wants the database's name typed. False where nothing is to be
 * run. */
bool confirm_run(struct cli *cli, Truss__Migration__V1__RunRequest *request);

#endif
