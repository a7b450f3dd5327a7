/*
 * Follows a branch that is made in the background to its end.
 */
#ifndef CLI_COMMANDS_BRANCH_FOLLOW_H
#define CLI_COMMANDS_BRANCH_FOLLOW_H

#include "cli/cli.h"
#include "truss/branch/v1/branch.pb-c.h"

#define BRANCH &truss__branch__v1__branch_service__descriptor

/* Reports progress on standard error (not with --json) and returns the branch when it is ready; NULL with a status if
 * it failed or the time is over. Ctrl-C: if this command `owns` the branch, the first one cancels it and the second
 * stops following; otherwise the first stops following. Call watch_hold_interrupts before the first call to the
 * worker. */
const Truss__Branch__V1__Branch *branch_follow(struct cli *cli, const char *id, bool owns);

#endif
