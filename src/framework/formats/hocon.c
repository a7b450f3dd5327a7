/*
 * Goes through the source once, with the path of the object that it is in.
 */
#include "framework/formats/hocon.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MOST_DEPTH 32
#define MOST_PATH  512

struct walk {
    struct arena *arena;
    struct text source;
    size_t at;
    char path[MOST_PATH]; /* of the object */
    size_t lengths[MOST_DEPTH];
    size_t depth;
};

static bool is_comment(const struct walk *walk)
{
    const struct text rest = text_slice(walk->source, walk->at, walk->source.size);
    return text_starts_with(rest, "#") || text_starts_with(rest, "//");
}

static void skip_line(struct walk *walk)
{
    const size_t end = text_find(walk->source, "\n", walk->at);
    walk->at = end == SIZE_MAX ? walk->source.size : end;
}

/* Moves behind blanks, comments and commas. */
static void skip(struct walk *walk, bool also_lines)
{
    while (walk->at < walk->source.size) {
        const char c = walk->source.data[walk->at];
        if (is_comment(walk)) {
            skip_line(walk);
        } else if (c == ' ' || c == '\t' || c == '\r' || (also_lines && (c == '\n' || c == ','))) {
            walk->at++;
        } else {
            break;
        }
    }
}

/* Reads a key, quoted or with dots: its text without quotes. */
static struct text read_key(struct walk *walk)
{
    const struct text source = walk->source;
    struct buffer key = {.arena = walk->arena};
    while (walk->at < source.size && strchr(":={}+\n,[]", source.data[walk->at]) == NULL) {
        if (source.data[walk->at] != '"') {
            buffer_putc(&key, source.data[walk->at]);
        }
        walk->at++;
    }
    return text_trim(buffer_text(&key));
}

/* The offset of the quote that ends the string which begins at this offset; SIZE_MAX: none. */
static size_t end_of_string(struct text source, size_t at)
{
    for (at++; at < source.size && source.data[at] != '"'; at++) {
        at += source.data[at] == '\\' ? 1 : 0;
    }
    return at < source.size ? at : SIZE_MAX;
}

/* Behind a list or an object that nobody asked for. */
static void skip_list(struct walk *walk)
{
    size_t depth = 0;
    do {
        const char c = walk->source.data[walk->at];
        if (is_comment(walk)) {
            skip_line(walk);
            continue;
        }
        if (c == '"') {
            const size_t end = end_of_string(walk->source, walk->at);
            walk->at = end == SIZE_MAX ? walk->source.size : end;
        }
        depth += c == '[' ? 1 : 0;
        depth -= c == ']' ? 1 : 0;
        walk->at += walk->at < walk->source.size ? 1 : 0;
    } while (depth > 0 && walk->at < walk->source.size);
}

/* Reads the value that is not an object. */
static struct hocon_value read_value(struct walk *walk)
{
    const struct text source = walk->source;
    const size_t start = walk->at;
    struct hocon_value value = {.kind = HOCON_COMPUTED, .at = start};
    if (start < source.size && source.data[start] == '[') {
        skip_list(walk);
        return value;
    }
    size_t quotes = 0;
    while (walk->at < source.size && strchr("\n,}", source.data[walk->at]) == NULL && !is_comment(walk)) {
        if (source.data[walk->at] == '"') {
            const bool is_long = text_starts_with(text_slice(source, walk->at, source.size), "\"\"\"");
            const size_t end = is_long ? text_find(source, "\"\"\"", walk->at + 3) : end_of_string(source, walk->at);
            walk->at = end == SIZE_MAX ? source.size : end + (is_long ? 3 : 1);
            quotes += is_long ? 2 : 1;
            continue;
        }
        walk->at += text_starts_with(text_slice(source, walk->at, source.size), "${") ? 2 : 1;
        if (source.data[walk->at - 1] == '{') { /* a substitution has a brace of its own */
            const size_t end = text_find(source, "}", walk->at);
            walk->at = end == SIZE_MAX ? source.size : end + 1;
        }
    }
    struct text said = text_trim(text_slice(source, start, walk->at));
    const bool is_quoted = quotes == 1 && said.size > 1 && said.data[0] == '"' && said.data[said.size - 1] == '"';
    const bool is_plain = text_find(said, "${", 0) == SIZE_MAX && text_find(said, "\\", 0) == SIZE_MAX;
    if (is_plain && (is_quoted || quotes == 0)) {
        said = is_quoted ? text_slice(said, 1, said.size - 1) : said;
        value.kind = HOCON_PLAIN;
        value.text = arena_strndup(walk->arena, said.data, said.size);
    }
    return value;
}

/* Begins an object below this key; returns false if it is too deep. */
static bool enter(struct walk *walk, struct text key)
{
    const size_t size = strlen(walk->path);
    if (walk->depth == MOST_DEPTH || size + key.size + 2 > MOST_PATH) {
        return false;
    }
    walk->lengths[walk->depth++] = size;
    snprintf(walk->path + size, MOST_PATH - size, "%s%.*s", size == 0 || key.size == 0 ? "" : ".", (int)key.size,
             key.data == NULL ? "" : key.data);
    return true;
}

static bool is_at(const struct walk *walk, struct text key, const char *path)
{
    const size_t size = strlen(walk->path);
    const size_t start = size == 0 ? 0 : size + 1;
    return strlen(path) == start + key.size && strncmp(path, walk->path, size) == 0 &&
           (size == 0 || path[size] == '.') && memcmp(path + start, key.data == NULL ? "" : key.data, key.size) == 0;
}

/* The last value counts; an optional substitution may leave the one before it. */
static void take(const struct walk *walk, struct hocon_value value, struct hocon_value *found)
{
    const bool is_optional = text_starts_with(text_slice(walk->source, value.at, walk->source.size), "${?");
    if (!is_optional || found->kind != HOCON_NONE) {
        *found = value;
    }
}

/* What the walk comes to: a key with its value, or a key without one (an include); the walk is in the object of its
 * key.
 */
struct field {
    struct text key;
    struct hocon_value value;
    size_t at; /* the key's offset */
};

/* The next field that is not an object; returns false at the end, or where objects are nested too deep. */
static bool next_field(struct walk *walk, struct field *field)
{
    for (skip(walk, true); walk->at < walk->source.size; skip(walk, true)) {
        const char c = walk->source.data[walk->at];
        if (c == '}') {
            walk->depth -= walk->depth > 0 ? 1 : 0;
            walk->path[walk->lengths[walk->depth]] = '\0';
            walk->at++;
            continue;
        }
        *field = (struct field){.at = walk->at};
        field->key = c == '{' ? (struct text){0} : read_key(walk);
        while (walk->at < walk->source.size && strchr(":=+ \t", walk->source.data[walk->at]) != NULL) {
            walk->at++;
        }
        if (walk->at < walk->source.size && walk->source.data[walk->at] == '{') {
            walk->at++;
            if (!enter(walk, field->key)) {
                return false;
            }
            continue;
        }
        if (walk->at < walk->source.size && strchr("\n}", walk->source.data[walk->at]) == NULL) {
            const size_t before = walk->at;
            field->value = read_value(walk);
            walk->at += walk->at == before ? 1 : 0;
        }
        return true;
    }
    return false;
}

struct hocon_value hocon_find(struct arena *arena, struct text source, const char *path)
{
    struct walk walk = {.arena = arena, .source = source};
    struct hocon_value found = {0};
    struct field field;
    while (next_field(&walk, &field)) {
        if (field.value.kind != HOCON_NONE && is_at(&walk, field.key, path)) {
            take(&walk, field.value, &found);
        }
    }
    return found;
}

size_t hocon_includes(struct arena *arena, struct text source, struct hocon_include *includes, size_t most)
{
    struct walk walk = {.arena = arena, .source = source};
    struct field field;
    size_t count = 0;
    while (count < most && next_field(&walk, &field)) {
        const size_t start = text_find(source, "\"", field.at);
        const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(source, "\"", start + 1);
        if (field.value.kind == HOCON_NONE && text_starts_with(field.key, "include ") && end != SIZE_MAX &&
            end < walk.at) {
            includes[count++] = (struct hocon_include){
                .name = arena_strndup(arena, source.data + start + 1, end - start - 1),
                .path = arena_strdup(arena, walk.path),
                .at = field.at,
            };
        }
    }
    return count;
}
