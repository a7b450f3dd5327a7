/*
 * Standard input as a whole.
 */
#ifndef CLI_COMMANDS_INPUT_H
#define CLI_COMMANDS_INPUT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

/* Reads it to its end, into the arena, ending with NUL. RESOURCE_EXHAUSTED beyond LIMIT_SCRIPT. */
bool input_read(struct arena *arena, struct text *content, struct status *status);

#endif
