/*
 * A table keeps its cells until the width of each column is known.
 */
#include "cli/print/output.h"

#include "base/clock.h"
#include "base/unseen.h"
#include "rpc/time_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const codes[] = {
    [COLOUR_NONE] = "",        [COLOUR_GREEN] = "\033[32m",   [COLOUR_YELLOW] = "\033[33m",
    [COLOUR_RED] = "\033[31m", [COLOUR_MAGENTA] = "\033[35m", [COLOUR_DIM] = "\033[2m",
    [COLOUR_BOLD] = "\033[1m",
};

bool output_has_colour(void)
{
    const char *const none = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) != 0 && (none == NULL || none[0] == '\0');
}

const char *output_safe(struct arena *arena, const char *text, bool lines)
{
    struct buffer out = {.arena = arena};
    while (*text != '\0') {
        const bool is_kept = lines && (*text == '\n' || *text == '\t');
        const size_t size = is_kept ? 0 : text_unseen(text);
        if (size == 1) {
            buffer_printf(&out, "\\x%02x", (unsigned char)*text);
        } else if (size > 1) {
            buffer_printf(&out, "\\u%04x", text_unseen_code(text, size));
        } else {
            buffer_putc(&out, *text);
        }
        text += size > 0 ? size : 1;
    }
    return buffer_string(&out);
}

static size_t characters_to(const char *from, const char *to)
{
    return text_characters((struct text){from, (size_t)(to - from)});
}

/* Where a word ends; a command of ours, after a colon, is one word up to the end of its line. */
static const char *word_end(const char *text, const char *word)
{
    const bool is_command = word - text >= 2 && memcmp(word - 2, ": ", 2) == 0 && strncmp(word, "truss ", 6) == 0;
    return word + strcspn(word, is_command ? "\n" : " \n");
}

const char *output_wrapped(struct arena *arena, const char *text, size_t width, size_t indent)
{
    struct buffer out = {.arena = arena};
    size_t column = 0;
    for (const char *rest = text; *rest != '\0';) {
        const char *const word = rest + strspn(rest, " ");
        const char *const end = word_end(text, word);
        const size_t size = characters_to(rest, end);
        if (width > 0 && column > indent && word > rest && column + size > width) {
            buffer_printf(&out, "\n%*s%.*s", (int)indent, "", (int)(end - word), word);
            column = indent + characters_to(word, end);
        } else {
            buffer_add(&out, (struct text){rest, (size_t)(end - rest)});
            column += size;
        }
        if (*end == '\n') {
            buffer_putc(&out, '\n');
            column = 0;
        }
        rest = *end == '\n' ? end + 1 : end;
    }
    return buffer_string(&out);
}

/* 0: it is not a terminal, or one that does not report its width. */
static size_t error_width(void)
{
    struct winsize size = {0};
    return isatty(STDERR_FILENO) != 0 && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void output_tell(struct arena *arena, const char *before, const char *text, bool lines)
{
    if (text != NULL) {
        const char *const line = arena_printf(arena, "%s: %s", before, output_safe(arena, text, lines));
        fprintf(stderr, "%s\n", output_wrapped(arena, line, error_width(), strspn(before, " ") + 2));
    }
}

static void put_in(enum colour colour, const char *text)
{
    printf("%s%s%s", colour == COLOUR_NONE ? "" : codes[colour], text, colour == COLOUR_NONE ? "" : "\033[0m");
}

void output_put(enum colour colour, const char *text)
{
    put_in(colour != COLOUR_NONE && output_has_colour() ? colour : COLOUR_NONE, text);
}

struct table table_new(struct arena *arena, size_t columns)
{
    return (struct table){.arena = arena, .columns = columns};
}

void table_add(struct table *table, enum colour colour, const char *text)
{
    size_t capacity = table->capacity;
    table->cells = arena_grow(table->arena, table->cells, table->count, &capacity, sizeof *table->cells);
    table->colours = arena_grow(table->arena, table->colours, table->count, &table->capacity, sizeof *table->colours);
    table->cells[table->count] = text == NULL ? "-" : output_safe(table->arena, text, false);
    table->colours[table->count++] = colour;
}

struct table table_with_heads(struct arena *arena, const char *const *heads, size_t columns)
{
    struct table table = table_new(arena, columns);
    for (size_t i = 0; i < columns; i++) {
        table_add(&table, COLOUR_DIM, heads[i]);
    }
    return table;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < table->count; i += table->columns) {
        const size_t size = text_characters(text_of(table->cells[i]));
        width = size > width ? size : width;
    }
    return width;
}

/* Are all later cells of this row empty? */
static bool is_last(const struct table *table, size_t cell)
{
    for (size_t i = cell + 1; i % table->columns != 0 && i < table->count; i++) {
        if (table->cells[i][0] != '\0') {
            return false;
        }
    }
    return true;
}

void table_print(const struct table *table)
{
    size_t *const widths = arena_array(table->arena, table->columns, sizeof *widths);
    for (size_t i = 0; i < table->columns; i++) {
        widths[i] = column_width(table, i);
    }
    const bool has_colour = output_has_colour(); /* asked once, not for each of thousands of cells */
    for (size_t i = 0; i < table->count; i++) {
        if (table->cells[i][0] != '\0' || !is_last(table, i)) {
            put_in(has_colour ? table->colours[i] : COLOUR_NONE, table->cells[i]);
        }
        if (!is_last(table, i)) {
            printf("%*s", (int)(widths[i % table->columns] - text_characters(text_of(table->cells[i])) + 2), "");
        }
        if ((i + 1) % table->columns == 0) {
            putchar('\n');
        }
    }
}

const char *output_duration(struct arena *arena, uint32_t ms)
{
    if (ms < 1000) {
        return arena_printf(arena, "%u ms", ms);
    }
    if (ms < 60000) {
        return arena_printf(arena, "%.1f s", ms / 1000.0);
    }
    return arena_printf(arena, "%u min %u s", ms / 60000, ms / 1000 % 60);
}

const char *output_bytes(struct arena *arena, double bytes)
{
    return bytes < 1e6 ? arena_printf(arena, "%.0f kB", bytes / 1e3) : arena_printf(arena, "%.1f MB", bytes / 1e6);
}

const char *output_moment(struct arena *arena, const Google__Protobuf__Timestamp *time)
{
    char text[RFC3339_SIZE];
    const int64_t at = message_time_us(time);
    if (at == NO_TIME) {
        return NULL;
    }
    clock_for_people(at, text);
    return arena_strdup(arena, text);
}

const char *output_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

const char *output_target(struct arena *arena, const Truss__Rpc__V1__Target *target, const char *database)
{
    if (target == NULL) {
        return output_safe(arena, database, false);
    }
    return output_safe(arena, arena_printf(arena, "%s at %s:%s", target->database, target->host, target->port), false);
}
