/*
 * The exact command to type next, with the target options of this command line, so that it means the same database and
 * project. What came from the environment is still set there.
 */
#ifndef CLI_PRINT_AGAIN_H
#define CLI_PRINT_AGAIN_H

#include "cli/cli.h"

/* "truss mark-applied --project api": a command with the target options. In the arena; secrets are replaced by "…". */
const char *again_place(const struct cli *cli, const char *command);

/* The command as typed, with words and options, without those for one plan or one question (--plan, --plan-hash, --key,
 * --yes) and those for the output (--json, --output, --progress). In the arena. */
const char *again_same(const struct cli *cli);

/* The same without this option, which is to get another value. */
const char *again_without(const struct cli *cli, enum option_id id);

/* truss plan only: the run of this plan, with the names and options that it was made with. In the arena. */
const char *again_run(const struct cli *cli, const char *plan_hash);

#endif
