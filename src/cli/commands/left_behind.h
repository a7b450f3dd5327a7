/*
 * Earlier migrations that a run of named ones would leave pending.
 */
#ifndef CLI_COMMANDS_LEFT_BEHIND_H
#define CLI_COMMANDS_LEFT_BEHIND_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Returns false with a message if names were given, an earlier migration is pending and not named, and
 * --allow-out-of-order is missing. Cases that the worker refuses anyway are left to it. */
bool left_behind_check(struct cli *cli, const Truss__Migration__V1__RunRequest *request);

#endif
