/*
 * Slices, UTF-8 and the text builder.
 */
#include "base/text.h"

#include "base/unseen.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct text text_of(const char *string)
{
    return (struct text){string, string == NULL ? 0 : strlen(string)};
}

struct text text_slice(struct text text, size_t start, size_t end)
{
    end = end > text.size ? text.size : end;
    start = start > end ? end : start;
    return (struct text){text.data == NULL ? NULL : text.data + start, end - start};
}

bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool string_equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool text_is(struct text a, const char *string)
{
    return text_equal(a, text_of(string));
}

bool text_is_nocase(struct text a, const char *string)
{
    if (a.size > 0 && ((a.data[0] ^ string[0]) & ~0x20) != 0) {
        return false; /* most words differ in their first letter */
    }
    const size_t size = strlen(string);
    return a.size == size && (size == 0 || strncasecmp(a.data, string, size) == 0);
}

bool text_starts_with(struct text text, const char *prefix)
{
    const size_t size = strlen(prefix);
    return text.size >= size && (size == 0 || memcmp(text.data, prefix, size) == 0);
}

bool text_ends_with(struct text text, const char *suffix)
{
    const size_t size = strlen(suffix);
    return text.size >= size && (size == 0 || memcmp(text.data + text.size - size, suffix, size) == 0);
}

bool text_ends_with_nocase(struct text text, const char *suffix)
{
    const size_t size = strlen(suffix);
    return text.size >= size && text_is_nocase(text_slice(text, text.size - size, text.size), suffix);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text text_cut(struct text text, size_t most)
{
    while (text.size > most && most > 0 && ((unsigned char)text.data[most] & 0xC0) == 0x80) {
        most--;
    }
    return text_slice(text, 0, most);
}

struct text text_with_endings(struct arena *arena, struct text text, bool is_crlf)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < text.size; i++) {
        const bool is_return = text.data[i] == '\r' && i + 1 < text.size && text.data[i + 1] == '\n';
        if (text.data[i] == '\n') {
            buffer_puts(&out, is_crlf ? "\r\n" : "\n");
        } else if (!is_return) {
            buffer_putc(&out, text.data[i]);
        }
    }
    return buffer_text(&out);
}

struct text text_trim(struct text text)
{
    while (text.size > 0 && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_space(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

struct text text_without_mark(struct text text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    return text_starts_with(text, mark) ? text_slice(text, strlen(mark), text.size) : text;
}

bool text_next_word(struct text *rest, struct text *word)
{
    *rest = text_trim(*rest);
    const size_t blank = text_find(*rest, " ", 0);
    *word = text_slice(*rest, 0, blank);
    *rest = blank == SIZE_MAX ? (struct text){0} : text_slice(*rest, blank + 1, rest->size);
    return word->size > 0;
}

bool text_next_unit(struct text *rest, struct text *item)
{
    if (rest->size == 0) {
        return false;
    }
    const size_t end = text_find(*rest, "\x1F", 0);
    *item = text_slice(*rest, 0, end);
    *rest = end == SIZE_MAX ? (struct text){0} : text_slice(*rest, end + 1, rest->size);
    return true;
}

bool text_next_line(struct text *rest, struct text *line)
{
    if (rest->size == 0) {
        return false;
    }
    const char *const newline = memchr(rest->data, '\n', rest->size);
    const size_t end = newline == NULL ? rest->size : (size_t)(newline - rest->data);
    *line = text_slice(*rest, 0, end);
    *rest = text_slice(*rest, newline == NULL ? end : end + 1, rest->size);
    if (line->size > 0 && line->data[line->size - 1] == '\r') {
        line->size--;
    }
    return true;
}

size_t text_find(struct text text, const char *needle, size_t from)
{
    if (from > text.size || text.data == NULL) {
        return SIZE_MAX;
    }
    const char *const found = memmem(text.data + from, text.size - from, needle, strlen(needle));
    return found == NULL ? SIZE_MAX : (size_t)(found - text.data);
}

void text_blank(char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        data[i] = data[i] == '\n' || data[i] == '\r' ? data[i] : ' ';
    }
}

struct text text_quoted_behind(struct text text, const char *word)
{
    const size_t at = text_find(text, word, 0);
    const size_t start = at == SIZE_MAX ? SIZE_MAX : text_find(text, "\"", at + strlen(word));
    const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(text, "\"", start + 1);
    return end == SIZE_MAX ? (struct text){NULL, 0} : text_slice(text, start + 1, end);
}

size_t text_count(struct text text, const char *needle)
{
    size_t count = 0;
    for (size_t at = 0; (at = text_find(text, needle, at)) != SIZE_MAX; at += strlen(needle)) {
        count++;
    }
    return count;
}

size_t text_find_nocase(struct text text, const char *needle)
{
    const size_t size = strlen(needle);
    const int first = tolower((unsigned char)needle[0]);
    for (size_t at = 0; at + size <= text.size; at++) {
        if (tolower((unsigned char)text.data[at]) == first && strncasecmp(text.data + at, needle, size) == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

/* The length of the well-formed UTF-8 sequence at the start of the bytes, 0: none (RFC 3629, table of well-formed byte
 * sequences). */
static size_t utf8_sequence(const unsigned char *bytes, size_t size)
{
    const unsigned char first = bytes[0];
    if (first < 0x80) {
        return 1;
    }
    const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || size < length) {
        return 0;
    }
    const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < low || bytes[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* Most texts are ASCII, and all foreign bytes pass here: eight at a time. */
static size_t skip_ascii(struct text text, size_t at)
{
    for (uint64_t eight; at + sizeof eight <= text.size; at += sizeof eight) {
        memcpy(&eight, text.data + at, sizeof eight);
        if ((eight & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
    }
    return at;
}

bool text_is_utf8(struct text text, size_t *bad)
{
    for (size_t i = skip_ascii(text, 0); i < text.size; i = skip_ascii(text, i)) {
        const size_t length = utf8_sequence((const unsigned char *)text.data + i, text.size - i);
        if (length == 0) {
            if (bad != NULL) {
                *bad = i;
            }
            return false;
        }
        i += length;
    }
    return true;
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

bool text_is_legible(struct text text)
{
    return text_is_utf8(text, NULL) && (text.size == 0 || memchr(text.data, '\0', text.size) == NULL);
}

char *text_clean(struct arena *arena, const char *string, size_t most)
{
    struct text rest = {string, string == NULL ? 0 : strnlen(string, most + 1)};
    const bool is_cut = rest.size > most;
    struct buffer out = {.arena = arena};
    rest.size -= is_cut ? 1 : 0;
    while (is_cut && rest.size > 0 && !starts_character(string[rest.size])) {
        rest.size--;
    }
    for (size_t bad; !text_is_utf8(rest, &bad); rest = text_slice(rest, bad + 1, rest.size)) {
        buffer_add(&out, text_slice(rest, 0, bad));
        buffer_puts(&out, "\uFFFD");
    }
    buffer_add(&out, rest);
    buffer_puts(&out, is_cut ? "\u2026" : "");
    return arena_strndup(arena, out.data == NULL ? "" : out.data, out.size);
}

char *text_plain(struct arena *arena, const char *string, size_t most)
{
    struct buffer out = {.arena = arena};
    for (const char *c = text_clean(arena, string, most); *c != '\0';) {
        const size_t size = text_unseen(c);
        if (size > 0) {
            buffer_puts(&out, "\uFFFD");
        } else {
            buffer_add(&out, (struct text){c, 1});
        }
        c += size > 0 ? size : 1;
    }
    return arena_strndup(arena, out.data == NULL ? "" : out.data, out.size);
}

char *text_ascii(struct arena *arena, const char *string)
{
    static const struct {
        const char *character;
        const char *ascii;
    } known[] = {{"\u2013", "-"}, {"\u2014", "-"}, {"\u2026", "..."}};
    struct buffer out = {.arena = arena};
    for (const char *c = string; *c != '\0'; c++) {
        const char *ascii = "?";
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            ascii = strncmp(c, known[i].character, strlen(known[i].character)) == 0 ? known[i].ascii : ascii;
        }
        if ((unsigned char)*c < 0x80) {
            buffer_putc(&out, *c);
        } else if (starts_character(*c)) {
            buffer_puts(&out, ascii);
        }
    }
    return arena_strndup(arena, out.data == NULL ? "" : out.data, out.size);
}

char *text_escaped(struct arena *arena, const char *string)
{
    struct buffer out = {.arena = arena};
    for (const char *c = string; *c != '\0';) {
        const unsigned char first = (unsigned char)*c++;
        if (first < 0x80) {
            buffer_putc(&out, (char)first);
            continue;
        }
        uint32_t code = first >= 0xF0 ? first & 0x07 : first >= 0xE0 ? first & 0x0F : first & 0x1F;
        while (*c != '\0' && !starts_character(*c)) {
            code = code << 6 | ((unsigned char)*c++ & 0x3F);
        }
        if (code >= 0x10000) {
            buffer_printf(&out, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + (code & 0x3FF));
        } else {
            buffer_printf(&out, "\\u%04x", code);
        }
    }
    return arena_strndup(arena, out.data == NULL ? "" : out.data, out.size);
}

size_t text_characters(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += starts_character(text.data[i]) ? 1 : 0;
    }
    return count;
}

size_t text_byte_of_character(struct text text, size_t character)
{
    size_t seen = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (starts_character(text.data[i]) && ++seen == character) {
            return i;
        }
    }
    return text.size;
}

static uint32_t count_breaks(struct text text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += text.data[i] == '\n' ? 1 : 0;
    }
    return count;
}

/* Simple loops, which compilers vectorise. */
struct position text_position_from(struct text text, size_t from, struct position at, size_t offset)
{
    const struct text between = text_slice(text, from, offset < text.size ? offset : text.size);
    const char *const last = between.size == 0 ? NULL : memrchr(between.data, '\n', between.size);
    const size_t line = last == NULL ? 0 : (size_t)(last + 1 - between.data);
    return (struct position){
        .line = at.line + count_breaks(between),
        .column = (last == NULL ? at.column : 1) + (uint32_t)text_characters(text_slice(between, line, between.size)),
        .character = at.character + (uint32_t)text_characters(between),
    };
}

uint32_t text_lines(struct text text)
{
    const uint32_t lines = count_breaks(text);
    return text.size > 0 && text.data[text.size - 1] != '\n' ? lines + 1 : lines;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *text_percent_decode(struct arena *arena, struct text text)
{
    char *decoded = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '%') {
            if (text.size - i < 3) {
                return NULL;
            }
            const int high = hex_digit(text.data[i + 1]);
            const int low = hex_digit(text.data[i + 2]);
            if (high < 0 || low < 0) {
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') {
            return NULL;
        }
        decoded[size++] = c;
    }
    decoded[size] = '\0';
    return decoded;
}

void buffer_reserve(struct buffer *buffer, size_t size)
{
    const size_t wanted = buffer->size + size + 1;
    if (wanted <= buffer->capacity) {
        return;
    }
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity * 2;
    capacity = capacity < wanted ? wanted : capacity;
    char *data = arena_alloc(buffer->arena, capacity);
    if (buffer->size > 0) {
        memcpy(data, buffer->data, buffer->size);
    }
    buffer->data = data;
    buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, struct text text)
{
    buffer_reserve(buffer, text.size);
    if (text.size > 0) {
        memcpy(buffer->data + buffer->size, text.data, text.size);
    }
    buffer->size += text.size;
    buffer->data[buffer->size] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *string)
{
    buffer_add(buffer, text_of(string));
}

void buffer_putc(struct buffer *buffer, char c)
{
    buffer_add(buffer, (struct text){&c, 1});
}

void buffer_put_code(struct buffer *buffer, uint32_t code)
{
    static const uint32_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    const int bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    buffer_putc(buffer, (char)(bytes == 1 ? code : leads[bytes] | (code >> (6 * (bytes - 1)))));
    for (int i = bytes - 2; i >= 0; i--) {
        buffer_putc(buffer, (char)(0x80 | ((code >> (6 * i)) & 0x3F)));
    }
}

void buffer_put_encoded(struct buffer *buffer, struct text text, const char *also)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        if (c != '\0' && (strchr(plain, c) != NULL || strchr(also, c) != NULL)) {
            buffer_putc(buffer, c);
        } else {
            buffer_printf(buffer, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, args);
    if (size > 0) {
        buffer_reserve(buffer, (size_t)size);
        vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
    va_end(args);
}

struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->data, buffer->size};
}

const char *buffer_string(const struct buffer *buffer)
{
    return buffer->data == NULL ? "" : buffer->data;
}
