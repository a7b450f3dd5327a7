/*
 * Output for people: tables, colours on a terminal only, and foreign text made safe for a terminal.
 */
#ifndef CLI_PRINT_OUTPUT_H
#define CLI_PRINT_OUTPUT_H

#include "base/arena.h"
#include "base/text.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "truss/rpc/v1/rpc.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum colour { COLOUR_NONE, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED, COLOUR_MAGENTA, COLOUR_DIM, COLOUR_BOLD };

/* Is standard output a terminal, and NO_COLOR not set? */
bool output_has_colour(void);

/* The text with control characters as \xNN, and characters that change the direction of others as \uNNNN: a name must
 * neither move the cursor nor look like another one. Newlines are kept if `lines` is true. */
const char *output_safe(struct arena *arena, const char *text, bool lines);

/* Prints the text on standard error, after "BEFORE: "; wrapped to the terminal's width, or on one line if it is no
 * terminal. NULL: nothing. Newlines are kept if `lines` is true. */
void output_tell(struct arena *arena, const char *before, const char *text, bool lines);

/* The text wrapped to lines of at most `width` characters, each indented; width 0: unchanged. Longer words are not
 * broken, and neither are commands, so that they can be copied. */
const char *output_wrapped(struct arena *arena, const char *text, size_t width, size_t indent);

/* "" for an unset string of a message. */
const char *output_or_empty(const char *text);

/* "app at db.example:5432", made safe; only the database's name if the target is NULL (from an older worker). */
const char *output_target(struct arena *arena, const Truss__Rpc__V1__Target *target, const char *database);

/* Prints the text in a colour, if colours are in use. */
void output_put(enum colour colour, const char *text);

/* A table under construction. Every cell is made safe. */
struct table {
    struct arena *arena;
    size_t columns;
    const char **cells;
    enum colour *colours;
    size_t count;
    size_t capacity;
};

struct table table_new(struct arena *arena, size_t columns);

/* A table whose first row has the heads of its columns. */
struct table table_with_heads(struct arena *arena, const char *const *heads, size_t columns);

/* Adds a cell, from left to right, row by row. NULL is shown as "-". */
void table_add(struct table *table, enum colour colour, const char *text);

/* Prints it with aligned columns and no trailing blanks. */
void table_print(const struct table *table);

/* "850 ms", "2.4 s", "3 min 5 s". */
const char *output_duration(struct arena *arena, uint32_t ms);

/* "33 kB", "2.4 MB". */
const char *output_bytes(struct arena *arena, double bytes);

/* "2026-11-23 10:34:00Z"; NULL if there is no time. */
const char *output_moment(struct arena *arena, const Google__Protobuf__Timestamp *time);

#endif
