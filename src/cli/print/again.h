/*
 * The exact command to type next: with the place that this command was told on its line, so that it means the same
 * database and the same project. What came from the environment is still there.
 */
#ifndef CLI_PRINT_AGAIN_H
#define CLI_PRINT_AGAIN_H

#include "cli/cli.h"

/* "truss mark-applied --project api": a command with the options that say where. In the arena; secrets are "…". */
const char *again_place(const struct cli *cli, const char *command);

/* The command that was typed, with its words and options, but for what belongs to one plan or one question (--plan,
 * --plan-hash, --key, --yes) or says how the answer looks (--json, --output, --progress). In the arena. */
const char *again_same(const struct cli *cli);

/* The same without this option, to which another value is to be given. */
const char *again_without(const struct cli *cli, enum option_id id);

#endif
