/*
 * Escapes foreign text for the formats of CI systems. Results are in the arena.
 */
#ifndef CLI_PRINT_ESCAPE_H
#define CLI_PRINT_ESCAPE_H

#include "base/arena.h"

#include <stdbool.h>

/* For XML, which cannot represent most control characters. */
const char *escape_xml(struct arena *arena, const char *text);

/* For a GitHub workflow command, which ends with its line. */
const char *escape_command(struct arena *arena, const char *text, bool is_property);

/* The most characters that the next two keep. */
#define MARKDOWN_CHARACTERS 1000

/* A sentence for Markdown, also inside a table; "@name" notifies nobody. */
const char *escape_markdown(struct arena *arena, const char *text);

/* A name as Markdown code on one line, which can be copied. */
const char *escape_markdown_code(struct arena *arena, const char *text);

#endif
