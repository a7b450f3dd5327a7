/*
 * The SQL for a role with the least privileges.
 */
#ifndef CLI_COMMANDS_GRANTS_H
#define CLI_COMMANDS_GRANTS_H

#include "cli/cli.h"

/* Prints it for the role of --role. Returns the exit code; cli->status has the error. */
int grants_print(struct cli *cli);

#endif
