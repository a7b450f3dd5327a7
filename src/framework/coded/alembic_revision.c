/*
 * Assignments are at the beginning of a line; nothing is evaluated.
 */
#include "framework/coded/alembic_revision.h"

#include "base/files.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

#define PROGRAM_LIMIT ((size_t)1024 * 1024)

/* A value up to the end of its line; a value that opens a bracket goes on until the bracket is closed. */
static struct text whole_value(struct text source, struct text on_line)
{
    const char first = on_line.size == 0 ? '\0' : on_line.data[0];
    if (first != '(' && first != '[') {
        return on_line;
    }
    const size_t start = (size_t)(on_line.data - source.data);
    const size_t end = text_find(source, first == '(' ? ")" : "]", start);
    return end == SIZE_MAX ? on_line : text_slice(source, start, end);
}

/* The right side of "name = …" or "name: type = …" at the start of a line; empty if there is none. */
static struct text assignment(const struct text source, const char *name)
{
    struct text rest_of_source = source;
    for (struct text line; text_next_line(&rest_of_source, &line);) {
        if (!text_starts_with(line, name)) {
            continue;
        }
        const struct text rest = text_slice(line, strlen(name), line.size);
        const size_t equals = text_find(rest, "=", 0);
        const struct text between = text_trim(text_slice(rest, 0, equals));
        if (equals != SIZE_MAX && (between.size == 0 || between.data[0] == ':')) {
            return whole_value(source, text_trim(text_slice(rest, equals + 1, rest.size)));
        }
    }
    return (struct text){0};
}

/* The next quoted word of a value, outside of comments; NULL if there is none. */
static const char *next_string(struct arena *arena, struct text *value)
{
    size_t start = 0;
    while (start < value->size && value->data[start] != '\'' && value->data[start] != '"') {
        const size_t line = value->data[start] == '#' ? text_find(*value, "\n", start) : start;
        start = line == SIZE_MAX ? value->size : line + 1;
    }
    const size_t end =
        start >= value->size ? SIZE_MAX : text_find(*value, (const char[]){value->data[start], '\0'}, start + 1);
    if (end == SIZE_MAX) {
        return NULL;
    }
    const char *const word = arena_strndup(arena, value->data + start + 1, end - start - 1);
    *value = text_slice(*value, end + 1, value->size);
    return word;
}

static void add_words(struct arena *arena, struct text value, struct words *words)
{
    for (const char *word; (word = next_string(arena, &value)) != NULL;) {
        words_add(arena, words, word);
    }
}

/* Appends the revisions that a value names. One that is neither quoted nor None nor empty is computed. */
static void add_parents(struct arena *arena, struct text value, struct alembic_revision *revision)
{
    const size_t before = revision->parents.count;
    add_words(arena, value, &revision->parents);
    const bool is_none = value.size == 0 || text_starts_with(value, "None") || strchr("([", value.data[0]) != NULL;
    revision->is_computed = revision->is_computed || (revision->parents.count == before && !is_none);
}

struct alembic_revision *alembic_revision_read(struct arena *arena, const char *path, struct status *status)
{
    struct text source;
    if (!file_read(arena, path, PROGRAM_LIMIT, &source, status)) {
        return NULL;
    }
    struct alembic_revision *const revision = arena_alloc(arena, sizeof *revision);
    source = text_without_mark(source);
    struct text id = assignment(source, "revision");
    revision->id = next_string(arena, &id);
    add_parents(arena, assignment(source, "down_revision"), revision);
    revision->down_count = revision->parents.count;
    add_parents(arena, assignment(source, "depends_on"), revision);
    add_words(arena, assignment(source, "branch_labels"), &revision->labels);
    return revision;
}
