/*
 * Reads from any offset outside of a string; a caller that begins inside of one reads nonsense, and finds no setting.
 */
#include "framework/coded/python.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || (c & 0x80) != 0;
}

/* The offset of the first byte that is no blank, and whether a line began on the way. */
static size_t skip_blanks(struct text source, size_t at, bool *begins_line)
{
    while (at < source.size) {
        const char c = source.data[at];
        if (c == '#') {
            const size_t end = text_find(source, "\n", at);
            at = end == SIZE_MAX ? source.size : end;
        } else if (c == '\n') {
            *begins_line = true;
            at++;
        } else if (c == '\\' && at + 1 < source.size && (source.data[at + 1] == '\n' || source.data[at + 1] == '\r')) {
            at += source.data[at + 1] == '\r' && at + 2 < source.size && source.data[at + 2] == '\n' ? 3 : 2;
        } else if (isspace((unsigned char)c) != 0) {
            at++;
        } else {
            break;
        }
    }
    return at;
}

/* Reads the string whose quote is at this offset; returns the offset behind it. */
static size_t read_string(struct text source, size_t at, struct python_token *token)
{
    const char quote = source.data[at];
    const char *const triple = quote == '"' ? "\"\"\"" : "'''";
    const bool is_long = text_starts_with(text_slice(source, at, source.size), triple);
    const size_t width = is_long ? 3 : 1;
    size_t end = at + width;
    bool has_escapes = false;
    while (end < source.size && (is_long ? !text_starts_with(text_slice(source, end, source.size), triple)
                                         : source.data[end] != quote && source.data[end] != '\n')) {
        has_escapes = has_escapes || source.data[end] == '\\';
        end += source.data[end] == '\\' ? 2 : 1;
    }
    end = end > source.size ? source.size : end;
    token->text = text_slice(source, at + width, end);
    token->kind = has_escapes ? PYTHON_COMPUTED : PYTHON_STRING;
    return end + width > source.size ? source.size : end + width;
}

bool python_next(struct text source, size_t *at, struct python_token *token)
{
    *token = (struct python_token){.begins_line = *at == 0};
    const size_t start = skip_blanks(source, *at, &token->begins_line);
    size_t end = start;
    while (end < source.size && is_name_character(source.data[end])) {
        end++;
    }
    if (start >= source.size) {
        *at = source.size;
        return false;
    }
    const bool is_quoted = end < source.size && (source.data[end] == '"' || source.data[end] == '\'');
    if (is_quoted && end - start <= 2) {
        const bool is_plain = end == start || text_is(text_slice(source, start, end), "u");
        *at = read_string(source, end, token);
        token->kind = is_plain ? token->kind : PYTHON_COMPUTED;
        return true;
    }
    token->kind = end > start ? PYTHON_NAME : PYTHON_SIGN;
    *at = end > start ? end : start + 1;
    token->text = text_slice(source, start, *at);
    return true;
}

bool python_takes(struct text source, size_t *at, const char *sign)
{
    struct python_token token;
    size_t behind = *at;
    const bool takes = python_next(source, &behind, &token) && token.kind >= PYTHON_NAME && text_is(token.text, sign);
    *at = takes ? behind : *at;
    return takes;
}

bool python_is_set(struct text source, size_t *at)
{
    size_t behind = *at;
    if (python_takes(source, &behind, ":")) {
        const size_t line = text_find(source, "\n", behind);
        const size_t sign = text_find(text_slice(source, 0, line), "=", behind);
        behind = sign == SIZE_MAX ? *at : sign;
    } else {
        python_takes(source, &behind, "+");
    }
    size_t sign = behind;
    if (!python_takes(source, &sign, "=") || python_takes(source, &(size_t){sign}, "=")) {
        return false;
    }
    *at = sign;
    return true;
}

size_t python_find_name(struct text source, struct text name, size_t from)
{
    for (size_t at = from; name.size > 0 && at < source.size;) {
        const char *const found = memmem(source.data + at, source.size - at, name.data, name.size);
        if (found == NULL) {
            return SIZE_MAX;
        }
        const size_t start = (size_t)(found - source.data);
        at = start + name.size;
        if ((start == 0 || (!is_name_character(source.data[start - 1]) && source.data[start - 1] != '.')) &&
            (at == source.size || !is_name_character(source.data[at]))) {
            return at;
        }
    }
    return SIZE_MAX;
}

/* Is there nothing but blanks on the line before this offset? */
static bool begins_line(struct text source, size_t at)
{
    while (at > 0 && (source.data[at - 1] == ' ' || source.data[at - 1] == '\t')) {
        at--;
    }
    return at == 0 || source.data[at - 1] == '\n';
}

size_t python_find_set(struct text source, struct text name, size_t from)
{
    size_t at = python_find_name(source, name, from);
    for (; at != SIZE_MAX; at = python_find_name(source, name, at)) {
        size_t behind = at;
        if (begins_line(source, at - name.size) && python_is_set(source, &behind)) {
            return behind;
        }
    }
    return SIZE_MAX;
}

struct text python_constant(struct text source, struct text name)
{
    struct python_token token;
    size_t at = python_find_set(source, name, 0);
    const bool is_once = at != SIZE_MAX && python_find_set(source, name, at) == SIZE_MAX;
    if (!is_once || !python_next(source, &at, &token) || token.kind != PYTHON_STRING) {
        return (struct text){0};
    }
    const struct text value = token.text;
    return !python_next(source, &at, &token) || token.begins_line || text_is(token.text, ";") ? value
                                                                                              : (struct text){0};
}
