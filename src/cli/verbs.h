/*
 * Subcommands, such as those of branch: finds, checks and runs them.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/cli.h"

/* The subcommand of this name; NULL if the command has none. */
const struct cli_verb *cli_verb_find(const struct cli_command *command, const char *name);

/* May the subcommand take this option of its command? Common options (--json, --worker, …) are always allowed. */
bool cli_verb_takes(const struct cli_verb *verb, enum option_id id);

/* Runs the subcommand that is the first word, with cli->words unchanged. EXIT_ERROR with cli->status if there is none,
 * if words are missing or too many, or if an option belongs to another subcommand. */
int cli_verb_run(struct cli *cli);

#endif
