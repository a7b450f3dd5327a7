/*
 * The commands and their options as data: dispatch, --help, manual pages and shell completion are made from them.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"

/* Options of most commands: the worker, the target, the output. Ended by OPTION_NONE. */
extern const enum option_id cli_common_options[];

/* Ended by a NULL name. */
extern const struct cli_command cli_commands[];

/* Is it in the list, which is ended by OPTION_NONE? */
bool cli_has_option(const enum option_id *options, enum option_id id);

/* Was it given on the command line, not by a variable or a file? */
bool cli_is_on_line(const struct cli *cli, enum option_id id);

/* The value of an option, as it may be given again: "2", "300ms", a text. NULL for a flag. In the arena or borrowed. */
const char *cli_option_value(const struct cli *cli, enum option_id id);

/* NULL: there is none. */
const struct cli_command *cli_find(const char *name);

/* The command with the most similar name; NULL: none is similar. */
const struct cli_command *cli_nearest(const char *name);

#endif
