/*
 * What a command such as branch does, by its first word: found, checked and run, for each of them alike.
 */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/cli.h"

/* The verb of this name; NULL where the command has none of it, or no verbs. */
const struct cli_verb *cli_verb_find(const struct cli_command *command, const char *name);

/* May the verb take this option of its command? What most commands take (--json, --worker, …) each may. */
bool cli_verb_takes(const struct cli_verb *verb, enum option_id id);

/* Runs the verb that is the first word, with cli->words as they are. EXIT_ERROR and cli->status where there is none of
 * it, where words are missing or too many, or where an option on the line belongs to another verb. */
int cli_verb_run(struct cli *cli);

#endif
