/*
 * First removes what could hide a secret from us, then the secret.
 */
#include "base/masking.h"

#include <stdlib.h>
#include <string.h>

#define SHORTEST_SECRET 3
#define ESCAPE          0x1B
#define BELL            0x07

/* ---- terminals ---- */

/* Where the escape sequence at `at` ends. Colours are ESC [ numbers letter; titles and links ESC ] text, ended by BEL
 * or ESC \. */
static size_t escape_end(struct text line, size_t at)
{
    const char kind = at + 1 < line.size ? line.data[at + 1] : '\0';
    size_t end = at + 2;
    if (kind == '[') {
        while (end < line.size && (line.data[end] < '@' || line.data[end] > '~')) {
            end++;
        }
        return end + 1;
    }
    if (kind == ']') {
        while (end < line.size && line.data[end] != BELL && line.data[end] != ESCAPE) {
            end++;
        }
        return end < line.size && line.data[end] == ESCAPE ? end + 2 : end + 1;
    }
    return end;
}

static struct text without_controls(struct arena *arena, struct text line)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < line.size;) {
        const unsigned char byte = (unsigned char)line.data[i];
        if (byte == ESCAPE) {
            i = escape_end(line, i);
            continue;
        }
        const unsigned char next = i + 1 < line.size ? (unsigned char)line.data[i + 1] : 0;
        const bool is_c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0; /* U+0080 to U+009F */
        if (!is_c1 && ((byte >= 0x20 && byte != 0x7F) || byte == '\t')) {
            buffer_putc(&out, (char)byte);
        }
        i += is_c1 ? 2 : 1;
    }
    return buffer_text(&out);
}

static struct text as_utf8(struct arena *arena, struct text line)
{
    struct buffer out = {.arena = arena};
    for (size_t bad; !text_is_utf8(line, &bad); line = text_slice(line, bad + 1, line.size)) {
        buffer_add(&out, text_slice(line, 0, bad));
        buffer_puts(&out, "\xEF\xBF\xBD");
    }
    buffer_add(&out, line);
    return buffer_text(&out);
}

/* ---- the secret ---- */

static bool is_hex_of(struct text digits, unsigned char byte)
{
    char copy[3] = {0};
    char *end;
    if (digits.size != 2) {
        return false;
    }
    memcpy(copy, digits.data, 2);
    return strtoul(copy, &end, 16) == byte && end == copy + 2;
}

/* The length of an escaped form of the byte at `at`; 0: none. */
static size_t escaped(struct text line, size_t at, unsigned char byte)
{
    const char first = line.data[at];
    if (first == '%') {
        return is_hex_of(text_slice(line, at + 1, at + 3), byte) ? 3 : 0;
    }
    if (first != '\\' || at + 1 == line.size) {
        return 0;
    }
    if (text_starts_with(text_slice(line, at + 1, line.size), "u00") &&
        is_hex_of(text_slice(line, at + 4, at + 6), byte)) {
        return 6;
    }
    return (unsigned char)line.data[at + 1] == byte ? 2 : 0;
}

/* Where the secret that begins at `at` ends; 0: none begins there. */
static size_t secret_end(struct text line, size_t at, const char *secret)
{
    if (*secret == '\0') {
        return at;
    }
    if (at >= line.size) {
        return 0;
    }
    const size_t plain = line.data[at] == *secret ? secret_end(line, at + 1, secret + 1) : 0;
    const size_t skip = plain > 0 ? 0 : escaped(line, at, (unsigned char)*secret);
    return skip > 0 ? secret_end(line, at + skip, secret + 1) : plain;
}

const char *masked(struct arena *arena, struct text line, const char *secret)
{
    struct buffer out = {.arena = arena};
    const struct text clean = as_utf8(arena, without_controls(arena, line));
    const bool hides = secret != NULL && strlen(secret) >= SHORTEST_SECRET;
    for (size_t i = 0; i < clean.size;) {
        const size_t end = hides ? secret_end(clean, i, secret) : 0;
        if (end > 0) {
            buffer_puts(&out, "***");
            i = end;
        } else {
            buffer_putc(&out, clean.data[i++]);
        }
    }
    return buffer_string(&out);
}
