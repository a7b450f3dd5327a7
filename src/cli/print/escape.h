/*
 * Text from outside, made fit for the formats of CI systems. Every answer is in the arena.
 */
#ifndef CLI_PRINT_ESCAPE_H
#define CLI_PRINT_ESCAPE_H

#include "base/arena.h"

#include <stdbool.h>

/* For XML, which has no way to write most control characters. */
const char *escape_xml(struct arena *arena, const char *text);

/* For a workflow command of GitHub, which ends with its line. */
const char *escape_command(struct arena *arena, const char *text, bool is_property);

/* The inside of a JSON string. */
const char *escape_json(struct arena *arena, const char *text);

/* The most characters of one text that the next two keep. */
#define MARKDOWN_CHARACTERS 1000

/* For Markdown, also inside a table: a sentence, which calls nobody by "@name". */
const char *escape_markdown(struct arena *arena, const char *text);

/* The same as code on one line: a name, which can be copied. */
const char *escape_markdown_code(struct arena *arena, const char *text);

#endif
