/*
 * Reads standard input as a whole.
 */
#ifndef CLI_COMMANDS_INPUT_H
#define CLI_COMMANDS_INPUT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

/* Reads to the end, into the arena, with a NUL at the end. RESOURCE_EXHAUSTED beyond LIMIT_SCRIPT; INVALID_ARGUMENT for
 * what input_check refuses; FAILED_PRECONDITION if it cannot be read. */
bool input_read(struct arena *arena, struct text *content, struct status *status);

/* Fails for a NUL byte: a message's string ends there, and the worker would get half of the text. from: what is told.
 */
bool input_check(struct text content, const char *from, struct status *status);

#endif
