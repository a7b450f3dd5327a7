/*
 * A tokenizer for just what object literals need: names, strings, punctuation. Regular expression literals are not
 * known; a configuration that has one with a quote in it may hide what comes behind.
 */
#include "framework/properties.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum kind { END, NAME, STRING, PUNCTUATION };

struct token {
    enum kind kind;
    struct text text; /* of a string: without its quotes */
    bool plain;       /* a string without escapes or ${…} */
};

/* Behind white space and comments. */
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

/* The value of a property of the object that begins at `at` (behind its brace), at that object's own level: its token,
 * and in *behind where the text goes on. END where the object ends without it. */
static struct token find_in_object(struct text source, size_t at, const char *name, size_t *behind)
{
    int depth = 0;
    for (;;) {
        const struct token token = next_token(source, &at);
        if (token.kind == END || (depth == 0 && text_is(token.text, "}") && token.kind == PUNCTUATION)) {
            return (struct token){.kind = END};
        }
        if (token.kind == PUNCTUATION) {
            depth += strchr("{[(", token.text.data[0]) != NULL ? 1 : 0;
            depth -= strchr("}])", token.text.data[0]) != NULL ? 1 : 0;
            continue;
        }
        size_t ahead = at;
        if (depth == 0 && text_is(token.text, name) && text_is(next_token(source, &ahead).text, ":")) {
            const struct token value = next_token(source, &ahead);
            *behind = ahead;
            return value;
        }
    }
}

/* True where a string ends the value: not "a" + b. */
static bool value_ends(struct text source, size_t at)
{
    const struct token token = next_token(source, &at);
    return text_is(token.text, ",") || text_is(token.text, "}");
}

static const char *string_at(struct arena *arena, struct text source, struct token value, size_t behind,
                             const char *const path[])
{
    while (path[0] != NULL) {
        if (value.kind != PUNCTUATION || !text_is(value.text, "{")) {
            return NULL;
        }
        value = find_in_object(source, behind, path[0], &behind);
        path++;
    }
    if (value.kind != STRING || !value.plain || !value_ends(source, behind)) {
        return NULL;
    }
    return arena_strndup(arena, value.text.data, value.text.size);
}

const char *property_string(struct arena *arena, struct text source, const char *const path[])
{
    for (size_t at = 0;;) {
        const struct token token = next_token(source, &at);
        if (token.kind == END) {
            return NULL;
        }
        size_t behind = at;
        if (token.kind == PUNCTUATION || !text_is(token.text, path[0]) ||
            !text_is(next_token(source, &behind).text, ":")) {
            continue;
        }
        const struct token value = next_token(source, &behind);
        const char *const found = string_at(arena, source, value, behind, path + 1);
        if (found != NULL) {
            return found;
        }
    }
}
