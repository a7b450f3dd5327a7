/*
 * Reads standard input as a whole.
 */
#ifndef CLI_COMMANDS_INPUT_H
#define CLI_COMMANDS_INPUT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

/* Reads to the end, into the arena, with a NUL at the end. RESOURCE_EXHAUSTED beyond LIMIT_SCRIPT. */
bool input_read(struct arena *arena, struct text *content, struct status *status);

#endif
