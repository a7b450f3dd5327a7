/*
 * What a person reads: tables, colours on a terminal only, and text from outside made safe for one.
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

/* True where standard output is a terminal and NO_COLOR is not set. */
bool output_has_colour(void);

/* The text with its control characters as \xNN, and what shows others in another order as \uNNNN: a name must not move
 * the cursor of who reads it, nor look like another one. Newlines are kept where lines is true. */
const char *output_safe(struct arena *arena, const char *text, bool lines);

/* Says it on standard error, behind "BEFORE: ": on one line, or, where that is a terminal, on as many as its width asks
 * for. NULL: nothing. Newlines are kept where lines is true. */
void output_tell(struct arena *arena, const char *before, const char *text, bool lines);

/* The text with newlines, and an indentation behind them, in place of the spaces at which lines of at most so many
 * characters end; 0: as it is. A longer word stays whole, and so does a command, which is to be copied. */
const char *output_wrapped(struct arena *arena, const char *text, size_t width, size_t indent);

/* "" for a string of a message that is not set. */
const char *output_or_empty(const char *text);

/* "app at db.example:5432", safe; where the target is NULL (of an older worker) the database's name alone. */
const char *output_target(struct arena *arena, const Truss__Rpc__V1__Target *target, const char *database);

/* Prints the text in a colour, where there are colours. */
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

/* Cells are added from left to right, row by row. NULL is shown as "-". */
void table_add(struct table *table, enum colour colour, const char *text);

/* Prints it with aligned columns, no space at the ends of lines. */
void table_print(const struct table *table);

/* "850 ms", "2.4 s", "3 min 5 s". */
const char *output_duration(struct arena *arena, uint32_t ms);

/* "33 kB", "2.4 MB". */
const char *output_bytes(struct arena *arena, double bytes);

/* "2026-11-23 10:34:00Z"; NULL for no time. */
const char *output_moment(struct arena *arena, const Google__Protobuf__Timestamp *time);

#endif
