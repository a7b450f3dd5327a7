/*
 * Which branch a command means: a person knows its label, the worker its number.
 */
#ifndef CLI_COMMANDS_BRANCH_PICK_H
#define CLI_COMMANDS_BRANCH_PICK_H

#include "cli/cli.h"

/* Puts the branch's number in the place of its label or its database's name, if the command's word is one. Fails if
 * none, or more than one, is called so. A word of digits is a number. */
bool branch_pick(struct cli *cli);

/* The same. If a person sits at standard input, then asks for the branch's name before it is dropped, unless --yes or
 * --key is given. */
bool branch_pick_to_drop(struct cli *cli);

#endif
