/*
 * The SQL for the least role.
 */
#ifndef CLI_COMMANDS_GRANTS_H
#define CLI_COMMANDS_GRANTS_H

#include "cli/cli.h"

/* Prints it for the role of --role. The exit code; the command's status says why it could not. */
int grants_print(struct cli *cli);

#endif
