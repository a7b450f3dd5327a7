/*
 * What is cut away is blanked, so that lines and columns stay the same.
 */
#include "framework/core/script.h"

#include "framework/core/script_data.h"

#include <string.h>
#include <strings.h>

#define NAME_LIMIT 200 /* bytes of a placeholder's name; a longer one is none */

struct text script_keep(struct arena *arena, struct text content, size_t start, size_t end)
{
    char *const copy = arena_strndup(arena, content.data == NULL ? "" : content.data, content.size);
    text_blank(copy, start < content.size ? start : content.size);
    if (end < content.size) {
        text_blank(copy + end, content.size - end);
    }
    return (struct text){copy, content.size};
}

struct position script_position(struct text script, const struct script_parts *parts, size_t offset, const char **name)
{
    return script_position_next(script, parts, offset, name, &(struct script_mark){0});
}

struct position script_position_next(struct text script, const struct script_parts *parts, size_t offset,
                                     const char **name, struct script_mark *mark)
{
    const char *other = NULL;
    struct text part = script;
    for (size_t i = 0; i < parts->count; i++) {
        const struct script_part *const one = &parts->items[i];
        if (one->start <= offset) {
            part = text_slice(script, one->start, one->end);
            other = one->name;
        }
    }
    if (name != NULL) {
        *name = other;
    }
    const size_t start = part.data == NULL ? 0 : (size_t)(part.data - script.data);
    const bool goes_on = mark->position.line > 0 && mark->start == start && mark->offset <= offset;
    struct position position = goes_on ? text_position_from(part, mark->offset - start, mark->position, offset - start)
                                       : text_position(part, offset - start);
    *mark = (struct script_mark){start, offset, position};
    if (other == NULL && parts->lines > 0) { /* their characters are not known */
        return (struct position){.line = position.line + (uint32_t)parts->lines, .column = position.column};
    }
    position.character += (uint32_t)script_data_characters(parts, start, offset);
    return position;
}

struct script_parts script_parts_copy(struct arena *arena, const struct script_parts *parts)
{
    struct script_part *const items = arena_array(arena, parts->count, sizeof *items);
    struct script_data *const data = arena_array(arena, parts->data_count, sizeof *data);
    for (size_t i = 0; i < parts->count; i++) {
        items[i] = parts->items[i];
        items[i].name = arena_strdup(arena, items[i].name);
    }
    for (size_t i = 0; i < parts->data_count; i++) {
        data[i] = parts->data[i];
        data[i].data = (struct text){0};
    }
    return (struct script_parts){items, parts->count, data, parts->data_count, parts->lines};
}

struct text script_drop_returns(struct arena *arena, struct text content)
{
    struct buffer kept = {.arena = arena};
    buffer_reserve(&kept, content.size);
    for (size_t i = 0; i < content.size; i++) {
        const bool ends_line = content.data[i] == '\r' && (i + 1 == content.size || content.data[i + 1] == '\n');
        if (!ends_line) {
            buffer_putc(&kept, content.data[i]);
        }
    }
    return buffer_text(&kept);
}

size_t script_find_line(struct text content, size_t from, line_test *test, size_t *behind)
{
    struct text rest = text_slice(content, from, content.size);
    for (struct text line; text_next_line(&rest, &line);) {
        if (test(line)) {
            *behind = content.size - rest.size;
            return (size_t)(line.data - content.data);
        }
    }
    return SIZE_MAX;
}

bool line_is_comment(struct text line, const char *words, bool nocase, struct text *rest)
{
    line = text_trim(line);
    if (!text_starts_with(line, "--")) {
        return false;
    }
    line = text_trim(text_slice(line, 2, line.size));
    for (const char *word = words; *word != '\0';) {
        const size_t size = strcspn(word, " ");
        if (line.size < size || (nocase ? strncasecmp(line.data, word, size) : memcmp(line.data, word, size)) != 0) {
            return false;
        }
        const struct text behind = text_slice(line, size, line.size);
        line = text_trim(behind);
        if (line.size == behind.size && line.size > 0) {
            return false; /* the word continues */
        }
        word += size;
        word += strspn(word, " ");
    }
    if (rest != NULL) {
        *rest = line;
    }
    return rest != NULL || line.size == 0;
}

/* Where the placeholder's name that begins at `name` ends; SIZE_MAX if that is not on its line, or not soon. */
static size_t name_end(struct text content, size_t name, const char *close)
{
    const size_t end = text_find(text_slice(content, 0, name + NAME_LIMIT + strlen(close)), close, name);
    const bool is_name = end != SIZE_MAX && memchr(content.data + name, '\n', end - name) == NULL;
    return is_name ? end : SIZE_MAX;
}

bool script_fill(struct arena *arena, struct text content, const struct script_placeholders *placeholders,
                 struct text *filled, struct status *status)
{
    const char *const open = placeholders->open;
    const char *const close = placeholders->close;
    struct buffer out = {.arena = arena};
    size_t done = 0;
    buffer_reserve(&out, content.size);
    for (size_t start = 0; (start = text_find(content, open, start)) != SIZE_MAX;) {
        const size_t name = start + strlen(open);
        const size_t end = name_end(content, name, close);
        const struct text called = text_slice(content, name, end);
        const char *const value = end == SIZE_MAX ? NULL : placeholders->find(placeholders->data, arena, called);
        if (value != NULL && strpbrk(value, "\r\n") == NULL) {
            buffer_add(&out, text_slice(content, done, start));
            buffer_puts(&out, value);
            done = start = end + strlen(close);
        } else if (end == SIZE_MAX && !placeholders->lenient) {
            return status_fail(status, STATUS_INVALID_ARGUMENT,
                               "Line %u has %s without a name and %s on the same line.",
                               text_position(content, start).line, open, close);
        } else if (value != NULL || !placeholders->lenient) {
            return status_fail(status, STATUS_INVALID_ARGUMENT, "Line %u has the placeholder %s%.*s%s, %s.",
                               text_position(content, start).line, open, (int)called.size, called.data, close,
                               value == NULL ? "for which no value is configured" : "whose value has several lines");
        } else {
            start = name;
        }
    }
    buffer_add(&out, text_slice(content, done, content.size));
    *filled = buffer_text(&out);
    return true;
}
