/*
 * A branch that is made behind its answer, followed to its end.
 */
#ifndef CLI_COMMANDS_BRANCH_FOLLOW_H
#define CLI_COMMANDS_BRANCH_FOLLOW_H

#include "cli/cli.h"
#include "truss/branch/v1/branch.pb-c.h"

#define BRANCH &truss__branch__v1__branch_service__descriptor

/* Says on standard error what is done (not for --json), and gives the branch when it is made; NULL and a status where
 * it could not be, or the time is over. Ctrl-C: who `owns` it has it cancelled, and leaves it with the second; another
 * one leaves it with the first. Call watch_hold_interrupts before the worker is called for the first time. */
const Truss__Branch__V1__Branch *branch_follow(struct cli *cli, const char *id, bool owns);

#endif
