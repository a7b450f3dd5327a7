/*
 * Why a worker cannot be reached: unknown host, nobody listens, another program listens, another protocol. Each has a
 * different remedy.
 */
#ifndef CLI_REACH_REACH_H
#define CLI_REACH_REACH_H

#include "cli/cli.h"

/* Examines the worker's address, for a few seconds at most, and puts the problem and its remedy into the command's
 * status. If no problem is found the status stays unchanged. */
void reach_explain(struct cli *cli);

#endif
