/*
 * The question before a run. It is asked if a person sits at standard input, even if the output goes into a pipe or is
 * JSON, and if a pipe or file at standard input provides an answer: `printf n | truss run` runs nothing. Then exactly
 * the plan that was shown is run. If nobody can answer (/dev/null, an empty pipe) nothing is asked; a pipe that neither
 * sends anything nor ends is not a yes.
 */
#ifndef CLI_COMMANDS_CONFIRM_H
#define CLI_COMMANDS_CONFIRM_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Shows the plan and asks, if somebody can answer and no option decides it (--yes, --key, --plan, --plan-hash,
 * --dry-run). For a plan that loses data the database's name must be typed. Returns false if nothing is to be run. */
bool confirm_run(struct cli *cli, Truss__Migration__V1__RunRequest *request);

#endif
