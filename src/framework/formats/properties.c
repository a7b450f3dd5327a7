/*
 * A tokenizer for what object literals need: names, strings, punctuation. Literals of regular expressions are not
 * known; one with a quote in it may hide what follows.
 */
#include "framework/formats/properties.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum kind { END, NAME, STRING, PUNCTUATION };

struct token {
    enum kind kind;
    struct text text; /* of a string: without its quotes */
    bool plain;       /* a string without escapes or ${…} */
};

/* The offset after white space and comments. */
static size_t skip_blank(struct text source, size_t at)
{
    for (;;) {
        while (at < source.size && isspace((unsigned char)source.data[at]) != 0) {
            at++;
        }
        const struct text rest = text_slice(source, at, source.size);
        if (text_starts_with(rest, "//")) {
            const size_t end = text_find(source, "\n", at);
            at = end == SIZE_MAX ? source.size : end;
        } else if (text_starts_with(rest, "/*")) {
            const size_t end = text_find(source, "*/", at + 2);
            at = end == SIZE_MAX ? source.size : end + 2;
        } else {
            return at;
        }
    }
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static struct token next_token(struct text source, size_t *at)
{
    const size_t start = skip_blank(source, *at);
    size_t end = start;
    if (start >= source.size) {
        *at = source.size;
        return (struct token){.kind = END};
    }
    const char first = source.data[start];
    if (first == '"' || first == '\'' || first == '`') {
        bool plain = true;
        for (end = start + 1; end < source.size && source.data[end] != first; end++) {
            plain = plain && source.data[end] != '\\' && !(first == '`' && source.data[end] == '$');
            end += source.data[end] == '\\' ? 1 : 0;
        }
        *at = end < source.size ? end + 1 : source.size;
        return (struct token){.kind = STRING, .text = text_slice(source, start + 1, end), .plain = plain};
    }
    while (end < source.size && is_name_character(source.data[end])) {
        end++;
    }
    const enum kind kind = end > start ? NAME : PUNCTUATION;
    end = end > start ? end : start + 1;
    *at = end;
    return (struct token){.kind = kind, .text = text_slice(source, start, end)};
}

/* Does a value end before this? */
static bool is_end(struct text next)
{
    return text_is(next, ",") || text_is(next, "}");
}

/* Finds a property in the object that begins at `at` (after its brace), and not in inner objects. Returns the token of
 * its value, and in *behind where the text continues; END if the object has no such property. */
static struct token find_in_object(struct text source, size_t at, const char *name, size_t *behind)
{
    int depth = 0;
    bool begins = true; /* of a property */
    for (;;) {
        const struct token token = next_token(source, &at);
        if (token.kind == END || (depth == 0 && text_is(token.text, "}") && token.kind == PUNCTUATION)) {
            return (struct token){.kind = END};
        }
        if (token.kind == PUNCTUATION) {
            depth += strchr("{[(", token.text.data[0]) != NULL ? 1 : 0;
            depth -= strchr("}])", token.text.data[0]) != NULL ? 1 : 0;
            begins = token.text.data[0] == ',';
            continue;
        }
        size_t ahead = at;
        const bool is_short = begins && token.kind == NAME; /* perhaps */
        begins = false;
        if (depth != 0 || !text_is(token.text, name)) {
            continue;
        }
        const struct text next = next_token(source, &ahead).text;
        if (text_is(next, ":")) {
            const struct token value = next_token(source, &ahead);
            *behind = ahead;
            return value;
        }
        if (is_short && is_end(next)) {
            *behind = at;
            return token; /* {name} is {name: name} */
        }
    }
}

/* True if a string is the end of the value: not "a" + b. */
static bool value_ends(struct text source, size_t at)
{
    return is_end(next_token(source, &at).text);
}

/* A value, and where the text continues after it. */
struct place {
    struct token value;
    size_t behind;
};

/* How many objects with the first name are searched: each is read to its end, and a hostile file may consist of nothing
 * else. */
#define MOST_OBJECTS 16

/* The value at a path of names, starting at this one. */
static bool follow(struct text source, const char *const path[], struct place *place)
{
    for (; path[0] != NULL; path++) {
        if (place->value.kind != PUNCTUATION || !text_is(place->value.text, "{")) {
            return false;
        }
        place->value = find_in_object(source, place->behind, path[0], &place->behind);
    }
    return place->value.kind != END;
}

/* Names in braces after these words belong to another file or object. */
static bool takes_apart(struct text opener)
{
    return opener.size == 0 || text_is(opener, "import") || text_is(opener, "const") || text_is(opener, "let") ||
           text_is(opener, "var") || text_is(opener, "export") || text_is(opener, ",");
}

/* The next value at the path, at or after *at, which moves on; returns false if there is none. */
static bool find_value(struct text source, const char *const path[], size_t *at, struct place *place)
{
    unsigned objects = 0;
    struct text last = {NULL, 0};
    struct text opener = {NULL, 0}; /* the text before the last brace */
    for (struct token token = next_token(source, at); token.kind != END; token = next_token(source, at)) {
        size_t behind = *at;
        const struct text before = last;
        last = token.text;
        opener = text_is(token.text, "{") ? before : opener;
        if (token.kind == PUNCTUATION || !text_is(token.text, path[0])) {
            continue;
        }
        const struct text next = next_token(source, &behind).text;
        if (token.kind == NAME && is_end(next) && (text_is(before, "{") || text_is(before, ",")) &&
            !takes_apart(opener) && path[1] == NULL) {
            *place = (struct place){.value = token, .behind = *at};
            return true; /* {name} is {name: name} */
        }
        if (!text_is(next, ":")) {
            continue;
        }
        place->value = next_token(source, &behind);
        place->behind = behind;
        objects += path[1] != NULL && text_is(place->value.text, "{") ? 1 : 0;
        if (objects > MOST_OBJECTS) {
            return false;
        }
        if (follow(source, path + 1, place)) {
            return true;
        }
    }
    return false;
}

const char *property_string(struct arena *arena, struct text source, const char *const path[])
{
    struct place place;
    for (size_t at = 0; find_value(source, path, &at, &place);) {
        if (place.value.kind == STRING && place.value.plain && value_ends(source, place.behind)) {
            return arena_strndup(arena, place.value.text.data, place.value.text.size);
        }
    }
    return NULL;
}

/* Is it a value that says nothing: null, false, an empty string, list or object? */
static bool is_empty(struct text source, const struct place *place)
{
    const struct text value = place->value.text;
    size_t behind = place->behind;
    const struct text next = next_token(source, &behind).text;
    return place->value.kind == STRING
               ? value.size == 0
               : text_is(value, "null") || text_is(value, "undefined") || text_is(value, "false") ||
                     (text_is(value, "[") && text_is(next, "]")) || (text_is(value, "{") && text_is(next, "}"));
}

bool property_is_set(struct text source, const char *const path[])
{
    struct place place;
    for (size_t at = 0; find_value(source, path, &at, &place);) {
        if (!is_empty(source, &place)) {
            return true;
        }
    }
    return false;
}

/* The same for names on the way to it, `migrations: settings` or `migrations`, whose value may contain anything. */
static size_t computed_parent(struct text source, const char *const path[])
{
    struct place place;
    const char *const parent[] = {path[0], NULL};
    for (size_t at = 0; path[1] != NULL && find_value(source, parent, &at, &place);) {
        if (place.value.kind == NAME && !is_empty(source, &place) && !text_is(place.value.text, "true")) {
            return (size_t)(place.value.text.data - source.data);
        }
    }
    return SIZE_MAX;
}

size_t property_unread(struct text source, const char *const path[])
{
    struct place place;
    size_t unread = SIZE_MAX;
    for (size_t at = 0; find_value(source, path, &at, &place);) {
        if (place.value.kind == STRING && place.value.plain && value_ends(source, place.behind)) {
            return SIZE_MAX;
        }
        unread =
            unread == SIZE_MAX && !is_empty(source, &place) ? (size_t)(place.value.text.data - source.data) : unread;
    }
    return unread != SIZE_MAX ? unread : computed_parent(source, path);
}

size_t property_find(struct text source, const char *const path[], size_t *at)
{
    struct place place;
    if (!find_value(source, path, at, &place)) {
        return SIZE_MAX;
    }
    const bool is_quoted = place.value.kind == STRING;
    return (size_t)(place.value.text.data - source.data) - (is_quoted ? 1 : 0);
}

/* Is it a string or a number, and the whole value? */
static bool is_plain(struct text source, const struct place *place)
{
    const struct token *const value = &place->value;
    const bool is_number = value->kind == NAME && isdigit((unsigned char)value->text.data[0]) != 0;
    return ((value->kind == STRING && value->plain) || is_number) && value_ends(source, place->behind);
}

const struct config_pair *property_pairs(struct arena *arena, struct text source, const char *const path[],
                                         size_t *count)
{
    struct config_pair *pairs = NULL;
    struct place object;
    size_t capacity = 0;
    size_t at = 0;
    *count = 0;
    do {
        if (!find_value(source, path, &at, &object)) {
            return NULL;
        }
    } while (object.value.kind == STRING || !text_is(object.value.text, "{"));
    at = object.behind;
    for (int depth = 0; depth >= 0;) {
        const struct token token = next_token(source, &at);
        struct place place = {.behind = at};
        if (token.kind == END) {
            break;
        }
        if (token.kind == PUNCTUATION) {
            depth += strchr("{[(", token.text.data[0]) != NULL ? 1 : 0;
            depth -= strchr("}])", token.text.data[0]) != NULL ? 1 : 0;
        } else if (depth == 0 && text_is(next_token(source, &place.behind).text, ":")) {
            at = place.behind;
            place.value = next_token(source, &place.behind);
            at = place.value.kind == PUNCTUATION ? at : place.behind; /* names inside an object are not meant */
            const struct text value = place.value.text;
            pairs = arena_grow(arena, pairs, *count, &capacity, sizeof *pairs);
            pairs[(*count)++] = (struct config_pair){
                .key = arena_strndup(arena, token.text.data, token.text.size),
                .value = is_plain(source, &place) ? arena_strndup(arena, value.data, value.size) : NULL,
            };
        }
    }
    return pairs;
}
