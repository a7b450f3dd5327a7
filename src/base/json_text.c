/*
 * Writes strings, and checks texts, with a stack that tells for each level whether an object or a list is open.
 */
#include "base/json_text.h"

#include "base/unseen.h"

#include <string.h>

#define DEEPEST 512

/* ---- writing ---- */

/* The code point at the front if it is one of two or three bytes that is invisible or changes the text's direction
 * (text_unseen); 0: it is not. */
static unsigned hidden_code(struct text text)
{
    char bytes[4] = {0};
    if (text.size == 0 || ((unsigned char)text.data[0] != 0xC2 && (unsigned char)text.data[0] != 0xE2)) {
        return 0;
    }
    memcpy(bytes, text.data, text.size < 3 ? text.size : 3);
    const size_t size = text_unseen(bytes);
    return size < 2 ? 0 : text_unseen_code(bytes, size);
}

static void write_escaped(struct buffer *out, struct text text)
{
    static const char escapes[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
    size_t plain = 0;
    for (size_t i = 0; i < text.size; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        const unsigned hidden = hidden_code(text_slice(text, i, text.size));
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F && hidden == 0) {
            continue;
        }
        buffer_add(out, text_slice(text, plain, i));
        i += hidden == 0 ? 0 : hidden < 0x800 ? 1 : 2;
        plain = i + 1;
        if (hidden > 0) {
            buffer_printf(out, "\\u%04x", hidden);
        } else if (c < sizeof escapes && escapes[c] != 0) {
            buffer_putc(out, '\\');
            buffer_putc(out, escapes[c]);
        } else {
            buffer_printf(out, "\\u%04x", c);
        }
    }
    buffer_add(out, text_slice(text, plain, text.size));
}

void json_write_string(struct buffer *out, struct text text)
{
    size_t bad;
    buffer_putc(out, '"');
    for (; !text_is_utf8(text, &bad); text = text_slice(text, bad + 1, text.size)) {
        write_escaped(out, text_slice(text, 0, bad));
        buffer_puts(out, "\xEF\xBF\xBD");
    }
    write_escaped(out, text);
    buffer_putc(out, '"');
}

/* ---- checking ---- */

struct reader {
    struct text text;
    size_t at;
    size_t depth;
    unsigned char is_object[DEEPEST];
};

static char next(const struct reader *reader)
{
    return reader->at < reader->text.size ? reader->text.data[reader->at] : '\0';
}

static bool take(struct reader *reader, char wanted)
{
    const bool is_there = reader->at < reader->text.size && reader->text.data[reader->at] == wanted;
    reader->at += is_there ? 1 : 0;
    return is_there;
}

static void skip_space(struct reader *reader)
{
    while (take(reader, ' ') || take(reader, '\n') || take(reader, '\t') || take(reader, '\r')) {
    }
}

static size_t take_digits(struct reader *reader)
{
    const size_t start = reader->at;
    while (next(reader) >= '0' && next(reader) <= '9') {
        reader->at++;
    }
    return reader->at - start;
}

static bool take_number(struct reader *reader)
{
    take(reader, '-');
    if (!take(reader, '0') && take_digits(reader) == 0) {
        return false;
    }
    if (take(reader, '.') && take_digits(reader) == 0) {
        return false;
    }
    if (take(reader, 'e') || take(reader, 'E')) {
        if (!take(reader, '+')) {
            take(reader, '-');
        }
        return take_digits(reader) > 0;
    }
    return true;
}

static bool take_escape(struct reader *reader)
{
    const char c = next(reader);
    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL) {
        return false;
    }
    reader->at++;
    for (int i = 0; c == 'u' && i < 4; i++, reader->at++) {
        if (next(reader) == '\0' || strchr("0123456789abcdefABCDEF", next(reader)) == NULL) {
            return false;
        }
    }
    return true;
}

static bool take_string(struct reader *reader)
{
    if (!take(reader, '"')) {
        return false;
    }
    while (reader->at < reader->text.size && next(reader) != '"') {
        const unsigned char c = (unsigned char)next(reader);
        reader->at++;
        if (c < 0x20 || (c == '\\' && !take_escape(reader))) {
            return false;
        }
    }
    return take(reader, '"');
}

static bool take_word(struct reader *reader, const char *word)
{
    const bool is_there = text_starts_with(text_slice(reader->text, reader->at, reader->text.size), word);
    reader->at += is_there ? strlen(word) : 0;
    return is_there;
}

static bool take_key(struct reader *reader)
{
    skip_space(reader);
    if (!take_string(reader)) {
        return false;
    }
    skip_space(reader);
    return take(reader, ':');
}

/* Opens a level. *is_empty: it was closed at once. */
static bool open_level(struct reader *reader, bool is_object, bool *is_empty)
{
    reader->at++;
    skip_space(reader);
    *is_empty = take(reader, is_object ? '}' : ']');
    if (*is_empty) {
        return true;
    }
    if (reader->depth == DEEPEST) {
        return false;
    }
    reader->is_object[reader->depth++] = is_object;
    return !is_object || take_key(reader);
}

/* After a value: closes levels; true if another value follows. *failed: neither follows. */
static bool goes_on(struct reader *reader, bool *failed)
{
    for (;;) {
        skip_space(reader);
        if (reader->depth == 0) {
            return false;
        }
        const bool is_object = reader->is_object[reader->depth - 1] != 0;
        if (take(reader, ',')) {
            *failed = is_object && !take_key(reader);
            return !*failed;
        }
        if (!take(reader, is_object ? '}' : ']')) {
            *failed = true;
            return false;
        }
        reader->depth--;
    }
}

/* A value, or the beginning of one (*opened). */
static bool take_value(struct reader *reader, bool *opened)
{
    const char c = next(reader);
    bool is_empty = false;
    *opened = false;
    if (c == '{' || c == '[') {
        const bool ok = open_level(reader, c == '{', &is_empty);
        *opened = !is_empty;
        return ok;
    }
    return c == '"' ? take_string(reader)
                    : take_word(reader, "true") || take_word(reader, "false") || take_word(reader, "null") ||
                          take_number(reader);
}

bool json_is_sound(struct text text)
{
    struct reader reader = {.text = text};
    bool failed = false;
    bool opened;
    if (!text_is_utf8(text, NULL)) {
        return false;
    }
    do {
        skip_space(&reader);
        if (!take_value(&reader, &opened)) {
            return false;
        }
    } while (opened || goes_on(&reader, &failed));
    return !failed && reader.at == text.size;
}
