/*
 * The lines of the markers go with what is left out: they are comments, and nothing misses them.
 */
#include "framework/core/marked.h"

#include "sql/lexer.h"

#include <string.h>

/* Blanks [start, end), but for line endings. */
static void blank(char *data, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++) {
        if (data[i] != '\n' && data[i] != '\r') {
            data[i] = ' ';
        }
    }
}

/* A line that begins with "-- " inside of a string or quoted name: its tool takes it out, and the string is another. In
 * the body of a function it is a comment all the same. */
static bool check_dropped(struct text sql, struct status *status)
{
    struct sql_lexer lexer = {.text = sql};
    struct sql_token token = {.kind = SQL_END};
    do {
        token = sql_next(&lexer);
        const size_t at = text_find(token.text, "\n-- ", 0);
        if (at != SIZE_MAX && token.text.data[0] != '$' &&
            !text_starts_with(text_slice(token.text, at, token.text.size), "\n-- +")) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "Line %u: the tool of this migration takes lines that begin with \"-- \" out, and this "
                               "one is inside of a string: it would be another one. Indent it, or write it as "
                               "/* … */.",
                               text_position(sql, token.offset + at + 1).line);
        }
    } while (token.kind != SQL_END);
    return true;
}

bool marked_script(struct arena *arena, const struct migration_file *file, struct text content,
                   const struct marks *marks, struct text *options, struct migration_script *script,
                   struct status *status)
{
    char *const copy = arena_strndup(arena, content.data == NULL ? "" : content.data, content.size);
    struct text rest = content;
    struct text said = {0};
    bool is_up = false;
    bool has_up = false;
    bool has_down = false;
    for (struct text line; text_next_line(&rest, &line);) {
        struct text behind = {0};
        const size_t start = (size_t)(line.data - content.data);
        const bool up = line_is_comment(line, marks->up, marks->nocase, &behind);
        const bool down = !up && line_is_comment(line, marks->down, marks->nocase, &(struct text){0});
        if (up && !has_up) {
            said = behind;
        }
        is_up = up || (is_up && !down);
        has_up = has_up || up;
        has_down = has_down || down;
        if (!is_up || up) {
            blank(copy, start, start + line.size);
        }
    }
    if (!has_up || (marks->needs_down && !has_down)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s has no line \"-- %s\", which says what is to run%s.",
                           file->filename, has_up ? marks->down : marks->up, has_up ? " and what undoes it" : "");
    }
    if (options != NULL) {
        *options = said;
    }
    script->sql = (struct text){copy, content.size};
    return !marks->drops_comments || check_dropped(script->sql, status);
}

bool marked_has(struct text content, const char *words, bool nocase)
{
    for (struct text line; text_next_line(&content, &line);) {
        struct text behind;
        if (line_is_comment(line, words, nocase, &behind)) {
            return true;
        }
    }
    return false;
}

bool marked_recognise(struct arena *arena, struct folder *folder, const struct marks *marks, entry_test *test)
{
    const char *const name = folder_any(arena, folder, test);
    if (name == NULL) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    if (folder->evidence == NULL) {
        folder->evidence =
            arena_printf(arena, "%s has a line \"-- %s\"", path_join(arena, folder->path, name), marks->up);
    }
    return true;
}
