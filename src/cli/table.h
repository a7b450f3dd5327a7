/*
 * The commands and their options as data: dispatch, --help, the manual pages and the shell's completion are made of
 * them.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"

/* Those that most commands take: whom to ask, about what, how to answer. Ends with OPTION_NONE. */
extern const enum option_id cli_common_options[];

/* Ends with a NULL name. */
extern const struct cli_command cli_commands[];

/* Is it in the list, which ends with OPTION_NONE? */
bool cli_has_option(const enum option_id *options, enum option_id id);

/* Was it said on the command line, not by a variable or a file? */
bool cli_is_on_line(const struct cli *cli, enum option_id id);

/* NULL where there is none. */
const struct cli_command *cli_find(const char *name);

/* The one whose name is nearest to a name that is none; NULL: none is near. */
const struct cli_command *cli_nearest(const char *name);

#endif
