/*
 * Reads line by line, as tolerantly as the tools themselves. A value that is not one plain text (with escapes,
 * references to other values, or over several lines) is not found.
 */
#include "framework/formats/config.h"

#include <stdint.h>
#include <string.h>

#define MOST_KEYS 8 /* of a path into YAML */

/* ---- lines and values ---- */

/* The offset of the first of these bytes; the size if there is none. */
static size_t find_any(struct text text, const char *bytes)
{
    size_t i = 0;
    while (i < text.size && (text.data[i] == '\0' || strchr(bytes, text.data[i]) == NULL)) {
        i++;
    }
    return i;
}

static bool is_quoted(struct text value)
{
    return value.size > 0 && (value.data[0] == '"' || value.data[0] == '\'');
}

/* The value without the comment at its end, which begins after a blank. */
static struct text without_comment(struct text value)
{
    for (size_t i = 1; i < value.size; i++) {
        if (value.data[i] == '#' && (value.data[i - 1] == ' ' || value.data[i - 1] == '\t')) {
            return text_trim(text_slice(value, 0, i));
        }
    }
    return text_trim(value);
}

/* What follows the comment with which the text begins, if it does. */
static struct text behind_comment(struct text text)
{
    return text_starts_with(text, "#") ? text_trim(text_slice(text, find_any(text, "\n"), text.size)) : text;
}

/* The text between the quotes at its beginning; empty if there are escapes, or if something other than a comment or the
 * rest of a list follows. */
static struct text unquoted(struct text value)
{
    const char quote[] = {value.data[0], '\0'};
    const size_t end = text_find(value, quote, 1);
    const struct text inner = text_slice(value, 1, end);
    const struct text behind = text_trim(text_slice(value, end == SIZE_MAX ? end : end + 1, value.size));
    const bool has_escapes = quote[0] == '"' && text_find(inner, "\\", 0) != SIZE_MAX;
    const bool ends = end != SIZE_MAX && (behind.size == 0 || find_any(behind, "#,]") == 0);
    return ends && !has_escapes ? inner : (struct text){NULL, 0};
}

/* The plain value that is written here, or the first one of a list in brackets; empty if there is none. */
static struct text plain(struct text value)
{
    value = text_trim(value);
    const bool is_list = text_starts_with(value, "[");
    if (is_list) {
        value = behind_comment(text_trim(text_slice(value, 1, value.size)));
    }
    if (is_quoted(value)) {
        return unquoted(value);
    }
    return without_comment(is_list ? text_slice(value, 0, find_any(value, ",]")) : value);
}

/* A copy; NULL for an empty text, and for one that cannot be a name or path here: with control characters, or not
 * UTF-8. */
static const char *copy(struct arena *arena, struct text value)
{
    for (size_t i = 0; i < value.size; i++) {
        if ((unsigned char)value.data[i] < 0x20 && value.data[i] != '\t') {
            return NULL;
        }
    }
    return value.size == 0 || !text_is_utf8(value, NULL) ? NULL : arena_strndup(arena, value.data, value.size);
}

static struct text key_of(struct text line)
{
    const struct text key = text_trim(line);
    return is_quoted(key) ? unquoted(key) : key;
}

/* ---- INI, TOML, properties ---- */

struct setting {
    struct text section; /* data NULL before the first section */
    struct text key;
    struct text value; /* as it is written */
};

/* Does a value, whose last line so far is `last`, continue in this one? is_open: it is a list without its end. */
static bool goes_on(struct text last, struct text next, bool is_open)
{
    const struct text line = text_trim(next);
    const bool is_indented = next.size > 0 && (next.data[0] == ' ' || next.data[0] == '\t');
    const bool is_setting = text_find(line, "=", 0) != SIZE_MAX || text_find(line, ": ", 0) != SIZE_MAX;
    return text_ends_with(last, "\\") ||
           (!is_setting && (is_open || (is_indented && line.size > 0 && find_any(line, "#;[") != 0)));
}

/* The value with all the lines in which it continues, unchanged: *rest begins after them. */
static struct text whole_value(struct text value, struct text *rest)
{
    struct text behind = *rest;
    struct text last = value = text_trim(value);
    bool is_open = text_starts_with(value, "[") && text_find(value, "]", 0) == SIZE_MAX;
    for (struct text line; text_next_line(&behind, &line) && goes_on(last, line, is_open);) {
        last = text_trim(line);
        is_open = is_open && text_find(last, "]", 0) == SIZE_MAX;
        value = text_trim((struct text){value.data, (size_t)(line.data + line.size - value.data)});
        *rest = behind;
    }
    return value;
}

/* Reads on to the next setting; section is kept from call to call. */
static bool next_setting(struct text *rest, struct setting *setting)
{
    for (struct text line; text_next_line(rest, &line);) {
        line = text_trim(line);
        if (line.size == 0 || find_any(line, "#;") == 0) {
            continue;
        }
        if (line.data[0] == '[') {
            setting->section = text_trim(text_slice(line, 1, find_any(line, "]")));
            continue;
        }
        const size_t separator = find_any(line, "=:");
        if (separator < line.size) {
            setting->key = key_of(text_slice(line, 0, separator));
            const struct text behind = text_slice(line, separator + 1, line.size);
            const bool is_apart = behind.size > 0 && (behind.data[0] == ' ' || behind.data[0] == '\t');
            setting->value = whole_value(behind, rest);
            setting->value = is_apart ? behind_comment(setting->value) : setting->value; /* "key=#[" has a value */
            return true;
        }
    }
    return false;
}

/* Joins a value of several lines: removes a backslash at the end of a line and the blanks at the beginning of one. */
static struct text unfolded(struct arena *arena, struct text value)
{
    struct buffer whole = {.arena = arena};
    if (value.size == 0 || memchr(value.data, '\n', value.size) == NULL) {
        return value;
    }
    for (struct text line; text_next_line(&value, &line);) {
        line = text_trim(line);
        const bool is_joined = text_ends_with(line, "\\");
        line.size -= is_joined ? 1 : 0;
        if (find_any(line, "#") != 0) {
            buffer_add(&whole, line);
            buffer_puts(&whole, is_joined ? "" : "\n");
        }
    }
    return text_trim(buffer_text(&whole));
}

/* The offset after the quoted text with which an item begins, at the next separator. */
static size_t quoted_end(struct text rest, const char *separators)
{
    const size_t start = (size_t)(text_trim(rest).data - rest.data);
    const size_t end = text_find(rest, (const char[]){rest.data[start], '\0'}, start + 1);
    return end == SIZE_MAX ? rest.size : end + find_any(text_slice(rest, end, rest.size), separators);
}

bool config_is_computed(const char *value)
{
    static const char *const signs[] = {"${", "$(", "%(", "%env(", "%%PHINX_", "<%", "{{", NULL};
    size_t i = 0;
    while (signs[i] != NULL && strstr(value, signs[i]) == NULL) {
        i++;
    }
    return signs[i] != NULL;
}

static bool is_in(const struct setting *setting, const char *section)
{
    return section == NULL ? setting->section.data == NULL
                           : setting->section.data != NULL && text_is(setting->section, section);
}

/* The text after the last such key; data NULL if there is none. */
static struct text find_value(struct text content, const char *section, const char *key)
{
    struct text rest = text_without_mark(content);
    struct text value = {NULL, 0};
    for (struct setting setting = {0}; next_setting(&rest, &setting);) {
        if (is_in(&setting, section) && text_is(setting.key, key)) {
            value = setting.value;
        }
    }
    return value;
}

const char *config_value(struct arena *arena, struct text content, const char *section, const char *key)
{
    return copy(arena, plain(unfolded(arena, find_value(content, section, key))));
}

static bool is_empty(struct text value)
{
    const struct text said = without_comment(value);
    return said.size == 0 || text_is(said, "\"\"") || text_is(said, "''");
}

size_t config_unread(struct arena *arena, struct text content, const char *section, const char *key)
{
    const struct text value = find_value(content, section, key);
    const char *const read = copy(arena, plain(unfolded(arena, value)));
    return !is_empty(value) && (read == NULL || config_is_computed(read)) ? (size_t)(value.data - content.data)
                                                                          : SIZE_MAX;
}

bool config_is_empty(struct text content, const char *section, const char *key)
{
    const struct text value = find_value(content, section, key);
    return value.data != NULL && is_empty(value);
}

struct words config_list(struct arena *arena, struct text content, const char *section, const char *key,
                         const char *separators)
{
    struct words items = {0};
    struct text rest = unfolded(arena, find_value(content, section, key));
    if (text_starts_with(rest, "[")) {
        rest = text_slice(rest, 1, rest.size);
        separators = ",\n]";
    }
    while (rest.size > 0) {
        const size_t end = is_quoted(text_trim(rest)) ? quoted_end(rest, separators) : find_any(rest, separators);
        const struct text item = text_trim(text_slice(rest, 0, end));
        const char *const plain_item = copy(arena, plain(item));
        rest = text_slice(rest, end + 1, rest.size);
        if (plain_item != NULL && !text_starts_with(item, "#")) {
            words_add(arena, &items, plain_item);
        }
    }
    return items;
}

const struct config_pair *config_pairs(struct arena *arena, struct text content, const char *section,
                                       const char *prefix, size_t *count)
{
    struct text rest = text_without_mark(content);
    struct config_pair *pairs = NULL;
    size_t capacity = 0;
    *count = 0;
    for (struct setting setting = {0}; next_setting(&rest, &setting);) {
        if (!is_in(&setting, section) || !text_starts_with(setting.key, prefix)) {
            continue;
        }
        const char *const key = copy(arena, text_slice(setting.key, strlen(prefix), setting.key.size));
        const char *const value = copy(arena, plain(setting.value));
        if (key != NULL) {
            pairs = arena_grow(arena, pairs, *count, &capacity, sizeof *pairs);
            pairs[(*count)++] = (struct config_pair){key, value == NULL ? "" : value};
        }
    }
    /* The last one counts: it comes first. */
    for (size_t i = 0; i < *count / 2; i++) {
        const struct config_pair pair = pairs[i];
        pairs[i] = pairs[*count - 1 - i];
        pairs[*count - 1 - i] = pair;
    }
    return pairs;
}

/* ---- YAML ---- */

/* The next line that is not empty, and its indentation. */
static bool next_yaml_line(struct text *rest, struct text *line, size_t *indent)
{
    while (text_next_line(rest, line)) {
        const struct text content = text_trim(*line);
        if (content.size > 0 && content.data[0] != '#' && !text_is(content, "---")) {
            *indent = (size_t)(content.data - line->data);
            *line = content;
            return true;
        }
    }
    return false;
}

/* Splits "key: value"; a colon without a blank after it is part of a name. */
static bool cut_yaml_key(struct text line, struct text *key, struct text *value)
{
    const size_t start =
        is_quoted(line) ? 1 + find_any(text_slice(line, 1, line.size), (char[]){line.data[0], '\0'}) : 0;
    for (size_t i = start; i < line.size; i++) {
        if (line.data[i] == ':' && (i + 1 == line.size || line.data[i + 1] == ' ' || line.data[i + 1] == '\t')) {
            *key = key_of(text_slice(line, 0, i));
            *value = text_trim(text_slice(line, i + 1, line.size));
            *value = is_quoted(*value) ? *value : without_comment(behind_comment(*value));
            return true;
        }
    }
    return false;
}

/* Is it a value other than a plain text: a mapping, a block, a reference, null, a template's? */
static bool is_special(struct text value)
{
    struct text key;
    struct text rest;
    return (value.size > 0 && strchr("{|>&*!#", value.data[0]) != NULL) || text_is(value, "~") ||
           text_is_nocase(value, "null") || text_find(value, "<%", 0) != SIZE_MAX ||
           (!is_quoted(value) && cut_yaml_key(value, &key, &rest));
}

static const char *yaml_scalar(struct arena *arena, struct text value)
{
    return is_special(value) ? NULL : copy(arena, plain(value));
}

/* The value of a key with nothing after it on its line: the first item of the sequence below it. */
static const char *first_item(struct arena *arena, struct text rest, size_t parent)
{
    struct text line;
    size_t indent;
    if (!next_yaml_line(&rest, &line, &indent) || indent < parent || !text_starts_with(line, "- ")) {
        return NULL;
    }
    return yaml_scalar(arena, text_trim(text_slice(line, 2, line.size)));
}

/* Is there a sequence or a mapping below the key? */
static bool has_items(struct text rest, size_t parent)
{
    struct text line;
    size_t indent;
    return next_yaml_line(&rest, &line, &indent) &&
           (indent > parent || (indent == parent && text_starts_with(line, "- ")));
}

/* How many keys of a path a key stands for: "spring.flyway" is two of them; 0: none. */
static size_t keys_of(struct text key, const char *const path[])
{
    size_t count = 0;
    for (size_t at = 0; path[count] != NULL;) {
        const size_t size = strlen(path[count]);
        if (!text_starts_with(text_slice(key, at, key.size), path[count])) {
            return 0;
        }
        at += size;
        count++;
        if (at == key.size) {
            return count;
        }
        if (key.data[at++] != '.') {
            return 0;
        }
    }
    return 0;
}

/* The text after the key at the path, and the lines below it; returns false if there is none. */
static bool find_yaml(struct text content, const char *const path[], struct text *found, struct text *below,
                      size_t *parent)
{
    struct text rest = text_without_mark(content);
    size_t depth = 0;                     /* how many keys of the path were found so far */
    size_t parents[MOST_KEYS];            /* the indentation of each of them */
    size_t children[MOST_KEYS + 1] = {0}; /* and of the lines below it */
    bool is_known[MOST_KEYS + 1] = {true};
    struct text line;
    for (size_t indent; next_yaml_line(&rest, &line, &indent);) {
        struct text key = {0};
        struct text value = {0};
        while (depth > 0 && indent <= parents[depth - 1]) {
            depth--;
        }
        if (!is_known[depth]) {
            is_known[depth] = true;
            children[depth] = indent;
        }
        const size_t keys =
            indent == children[depth] && cut_yaml_key(line, &key, &value) ? keys_of(key, path + depth) : 0;
        if (keys == 0) {
            continue;
        }
        if (path[depth + keys] == NULL) {
            *found = value.size == 0 ? text_slice(line, line.size, line.size) : value;
            *below = rest;
            *parent = indent;
            return true;
        }
        if (depth + keys < MOST_KEYS && (value.size == 0 || value.data[0] == '&')) {
            for (size_t i = 0; i < keys; i++) {
                parents[depth++] = indent;
            }
            is_known[depth] = false;
        }
    }
    return false;
}

const char *config_yaml(struct arena *arena, struct text content, const char *const path[])
{
    struct text value;
    struct text below;
    size_t parent;
    return !find_yaml(content, path, &value, &below, &parent) ? NULL
           : value.size == 0                                  ? first_item(arena, below, parent)
                                                              : yaml_scalar(arena, value);
}

size_t config_yaml_unread(struct arena *arena, struct text content, const char *const path[])
{
    struct text value;
    struct text below;
    size_t parent;
    if (!find_yaml(content, path, &value, &below, &parent) || text_is(value, "~") || text_is_nocase(value, "null")) {
        return SIZE_MAX;
    }
    const char *const read = value.size == 0 ? first_item(arena, below, parent) : yaml_scalar(arena, value);
    const bool says = value.size > 0 || has_items(below, parent);
    return says && (read == NULL || config_is_computed(read)) ? (size_t)(value.data - content.data) : SIZE_MAX;
}

bool config_yaml_is_empty(struct text content, const char *const path[])
{
    struct text value;
    struct text below;
    size_t parent;
    return find_yaml(content, path, &value, &below, &parent) && is_empty(value) &&
           (value.size > 0 || !has_items(below, parent));
}

struct words config_yaml_list(struct arena *arena, struct text content, const char *const path[])
{
    struct words items = {0};
    struct text value;
    struct text below;
    size_t parent;
    if (!find_yaml(content, path, &value, &below, &parent)) {
        return items;
    }
    if (value.size > 0) {
        struct buffer one = {.arena = arena};
        buffer_puts(&one, "key = ");
        buffer_add(&one, value);
        return config_list(arena, buffer_text(&one), NULL, "key", ",");
    }
    struct text line;
    for (size_t indent; next_yaml_line(&below, &line, &indent) && indent >= parent && text_starts_with(line, "- ");) {
        const char *const item = yaml_scalar(arena, text_trim(text_slice(line, 2, line.size)));
        if (item != NULL) {
            words_add(arena, &items, item);
        }
    }
    return items;
}

const struct config_pair *config_yaml_pairs(struct arena *arena, struct text content, const char *const path[],
                                            size_t *count)
{
    struct config_pair *pairs = NULL;
    struct text value;
    struct text below;
    struct text line;
    size_t parent;
    size_t child = SIZE_MAX; /* the indentation of the mapping */
    size_t capacity = 0;
    *count = 0;
    if (!find_yaml(content, path, &value, &below, &parent) || value.size > 0) {
        return NULL;
    }
    for (size_t indent; next_yaml_line(&below, &line, &indent) && indent > parent;) {
        struct text key = {0};
        child = child == SIZE_MAX ? indent : child;
        const bool is_one = indent == child && cut_yaml_key(line, &key, &value) && !is_special(value);
        const char *const name = is_one ? copy(arena, key) : NULL;
        if (name != NULL) {
            const char *const said = copy(arena, plain(value));
            pairs = arena_grow(arena, pairs, *count, &capacity, sizeof *pairs);
            pairs[(*count)++] = (struct config_pair){name, said == NULL ? "" : said};
        }
    }
    return pairs;
}
