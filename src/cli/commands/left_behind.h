/*
 * Migrations that a run of named ones would leave behind.
 */
#ifndef CLI_COMMANDS_LEFT_BEHIND_H
#define CLI_COMMANDS_LEFT_BEHIND_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* False, with a message, where names were given, an earlier migration is pending and not among them, and
 * --allow-out-of-order does not stand there. What the worker would refuse anyway, it says itself. */
bool left_behind_check(struct cli *cli, const Truss__Migration__V1__RunRequest *request);

#endif
