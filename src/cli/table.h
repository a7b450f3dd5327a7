/*
 * The commands and their options as data: dispatch, --help, the manual pages and the shell's completion are made of
 * them.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "base/options.h"
#include "cli/cli.h"

#define CLI_MOST_OPTIONS 40

/* Ends with a NULL name. */
extern const struct cli_command cli_commands[];

/* NULL where there is none. */
const struct cli_command *cli_find(const char *name);

/* The options of one command, out of those of all, ending with a NULL name; their values go to *cli. */
void cli_options(const struct cli_command *command, struct cli *cli, struct option_spec specs[CLI_MOST_OPTIONS]);

#endif
