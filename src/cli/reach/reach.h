/*
 * Why a worker cannot be reached: no such host, nobody listens, somebody else listens, another protocol. Each is
 * another mistake, and wants another deed.
 */
#ifndef CLI_REACH_REACH_H
#define CLI_REACH_REACH_H

#include "cli/cli.h"

/* Looks at the worker's address, a few seconds at most, and says in the command's status what is wrong and what to do.
 * Where nothing is found to be wrong, the status stays as it is. */
void reach_explain(struct cli *cli);

#endif
