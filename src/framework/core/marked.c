/*
 * The marker lines are left out as well: they are comments.
 */
#include "framework/core/marked.h"

#include "sql/lexer.h"

#include <stdint.h>
#include <string.h>

/* A line that begins with "-- " inside a string or quoted name: the tool removes it, which changes the string. In a
 * function body it is a comment anyway. */
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

/* The up and down parts of a file. */
struct parts {
    struct text said;   /* after the words of the first up line */
    struct text before; /* the first line above it that is neither empty nor a comment; empty: none */
    struct text odd;    /* the first line that looks like one of the marks and is none for the tool; empty: none */
    struct text second; /* the second up line; empty: none */
    bool is_up;
    bool has_up;
    bool has_down;
};

/* Takes one line; blanks in the copy what is not run. */
static void take_line(struct parts *parts, const struct marks *marks, struct text line, char *copy)
{
    struct text behind = {0};
    const bool up = line_is_comment(line, marks->up, marks->nocase, &behind);
    const bool down = !up && line_is_comment(line, marks->down, marks->nocase, &(struct text){0});
    if (up && !parts->has_up) {
        parts->said = behind;
    } else if (up && parts->second.size == 0) {
        parts->second = text_trim(line);
    }
    if ((up || down) && marks->start != NULL && !text_starts_with(text_without_mark(line), marks->start) &&
        parts->odd.size == 0) {
        parts->odd = text_trim(line);
    }
    const bool is_quiet = parts->has_up || up || parts->before.size > 0 || text_starts_with(text_trim(line), "--");
    parts->before = is_quiet ? parts->before : text_trim(line);
    parts->is_up = up || (parts->is_up && !down);
    parts->has_up = parts->has_up || up;
    parts->has_down = parts->has_down || down;
    if (!parts->is_up || up) {
        text_blank(copy, line.size);
    }
}

/* Refuses marks that the tool does not see, or sees otherwise. */
static bool check_marks(const struct script_request *request, const struct marks *marks, const struct parts *parts)
{
    const bool is_odd = parts->odd.size > 0;
    const struct text line = is_odd ? parts->odd : parts->second;
    if (!is_odd && (!marks->one_up || line.size == 0)) {
        return true;
    }
    const unsigned number = text_position(request->content, (size_t)(line.data - request->content.data)).line;
    return is_odd
               ? status_fail(request->status, STATUS_FAILED_PRECONDITION,
                             "%s, line %u: its tool does not see this line, because it does not begin with \"%s\", "
                             "and would run other statements or none.",
                             request->file->filename, number, marks->start)
               : status_fail(request->status, STATUS_FAILED_PRECONDITION,
                             "%s, line %u is a second \"-- %s\", at which its tool fails: make that part a file of its "
                             "own.",
                             request->file->filename, number, marks->up);
}

bool marked_script(const struct script_request *request, const struct marks *marks, struct text *options)
{
    const struct text content = request->content;
    char *const copy = arena_strndup(request->arena, content.data == NULL ? "" : content.data, content.size);
    struct text rest = content;
    struct parts parts = {0};
    for (struct text line; text_next_line(&rest, &line);) {
        take_line(&parts, marks, line, copy + (line.data - content.data));
    }
    if (!parts.has_up && text_starts_with(content, "\xEF\xBB\xBF") && text_find(content, marks->up, 0) != SIZE_MAX) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s begins with a byte order mark, after which its tool does not see the line \"-- %s\": "
                           "save it as UTF-8 without one.",
                           request->file->filename, marks->up);
    }
    if (!parts.has_up || (marks->needs_down && !parts.has_down)) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s has no line \"-- %s\", which says what is to run%s.", request->file->filename,
                           parts.has_up ? marks->down : marks->up, parts.has_up ? " and what undoes it" : "");
    }
    if (marks->nothing_before && text_starts_with(parts.before, "\xEF\xBB\xBF")) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s begins with a byte order mark, at which its tool stops: save it as UTF-8 without one.",
                           request->file->filename);
    }
    if (marks->nothing_before && parts.before.size > 0) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s, line %u, has something above the line \"-- %s\", at which its tool stops: it would not "
                           "run.",
                           request->file->filename,
                           text_position(content, (size_t)(parts.before.data - content.data)).line, marks->up);
    }
    if (!check_marks(request, marks, &parts)) {
        return false;
    }
    if (options != NULL) {
        *options = parts.said;
    }
    request->script->sql = (struct text){copy, content.size};
    return !marks->drops_comments || check_dropped(request->script->sql, request->status);
}

bool marked_has(struct text content, const char *words, bool nocase)
{
    content = text_without_mark(content);
    for (struct text line; text_next_line(&content, &line);) {
        struct text behind;
        if (line_is_comment(line, words, nocase, &behind)) {
            return true;
        }
    }
    return false;
}
