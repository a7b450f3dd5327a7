/*
 * One pass over the bytes. Each function parses what it is named for and moves the reader after it; an error fills the
 * status once, and everything returns.
 */
#include "base/toml_tables.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ENTRIES   10000
#define MOST_SHOWN     40  /* characters of an invalid value in a message */
#define MOST_PARTS     8   /* of a dotted key */
#define LONGEST_PART   255 /* bytes of a part: each key has its table's name in its own */
#define LONGEST_DIGITS 18  /* of an integer, which then fits 64 bits */
#define MOST_QUOTES    5   /* at the end of a string in three quotes: it may end with two of its own */

struct reader {
    struct arena *arena;
    struct toml *toml;
    struct status *status;
    struct text content;
    size_t at;
    uint32_t line;
    const char *table;
};

static bool fail(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *const what = arena_vprintf(reader->arena, format, args);
    va_end(args);
    return status_fail(reader->status, STATUS_INVALID_ARGUMENT, "%s, line %u: %s", reader->toml->name, reader->line,
                       what);
}

/* ---- bytes ---- */

/* The byte at this distance; NUL, which no document contains, at the end. */
static char peek(const struct reader *reader, size_t ahead)
{
    return reader->at + ahead < reader->content.size ? reader->content.data[reader->at + ahead] : '\0';
}

static bool looks_at(const struct reader *reader, const char *word)
{
    return text_starts_with(text_slice(reader->content, reader->at, reader->content.size), word);
}

static bool take(struct reader *reader, char c)
{
    if (peek(reader, 0) != c) {
        return false;
    }
    reader->line += c == '\n' ? 1 : 0;
    reader->at++;
    return true;
}

static void skip_blanks(struct reader *reader)
{
    while (peek(reader, 0) == ' ' || peek(reader, 0) == '\t') {
        reader->at++;
    }
}

/* TOML allows a tab. */
static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7F;
}

/* Stops at a control character, such as a carriage return without a line feed: no line begins or ends with one. */
static void skip_comment(struct reader *reader)
{
    if (peek(reader, 0) == '#') {
        while (!is_control(peek(reader, 0))) {
            reader->at++;
        }
    }
}

static bool take_newline(struct reader *reader)
{
    reader->at += looks_at(reader, "\r\n") ? 1 : 0;
    return take(reader, '\n');
}

/* Skips blanks, comments and line ends. */
static void skip_lines(struct reader *reader)
{
    do {
        skip_blanks(reader);
        skip_comment(reader);
    } while (take_newline(reader));
}

/* Only a comment may follow on the line. */
static bool end_line(struct reader *reader)
{
    skip_blanks(reader);
    skip_comment(reader);
    if (take_newline(reader) || peek(reader, 0) == '\0') {
        return true;
    }
    return is_control(peek(reader, 0))
               ? fail(reader, "there is a control character here.")
               : fail(reader, "there is something after the end of this; write one key and one value on each line.");
}

/* ---- strings ---- */

static bool put_character(struct reader *reader, struct buffer *out, unsigned long code)
{
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        return fail(reader, "this escape is not a character.");
    }
    buffer_put_code(out, (uint32_t)code);
    return true;
}

/* \uXXXX and \UXXXXXXXX, after the letter. */
static bool take_code(struct reader *reader, size_t digits, struct buffer *out)
{
    char hex[9] = "";
    for (size_t i = 0; i < digits; i++) {
        hex[i] = peek(reader, i);
        if (hex[i] == '\0' || strchr("0123456789abcdefABCDEF", hex[i]) == NULL) {
            return fail(reader, "this escape needs %zu hexadecimal digits.", digits);
        }
    }
    reader->at += digits;
    return put_character(reader, out, strtoul(hex, NULL, 16));
}

/* After the backslash. */
static bool take_escape(struct reader *reader, bool many_lines, struct buffer *out)
{
    static const char letters[] = "btnfr\"\\";
    static const char meanings[] = "\b\t\n\f\r\"\\";
    const char letter = peek(reader, 0);
    const char *const found = letter == '\0' ? NULL : strchr(letters, letter);
    if (found != NULL) {
        reader->at++;
        buffer_putc(out, meanings[found - letters]);
        return true;
    }
    if (letter == 'u' || letter == 'U') {
        reader->at++;
        return take_code(reader, letter == 'u' ? 4 : 8, out);
    }
    const size_t start = reader->at;
    skip_blanks(reader);
    if (many_lines && take_newline(reader)) {
        do {
            skip_blanks(reader);
        } while (take_newline(reader));
        return true;
    }
    reader->at = start;
    return fail(reader, "\"\\%c\" is not an escape; a backslash itself is \\\\, or write the string in single quotes.",
                letter >= 0x20 && letter < 0x7F ? letter : '?');
}

static bool at_three(const struct reader *reader, size_t ahead, char quote)
{
    return peek(reader, ahead) == quote && peek(reader, ahead + 1) == quote && peek(reader, ahead + 2) == quote;
}

/* Are the closing quotes here? Of more than three, the last three close. */
static bool ends_string(const struct reader *reader, char quote, bool many_lines)
{
    return many_lines ? at_three(reader, 0, quote) && peek(reader, 3) != quote : peek(reader, 0) == quote;
}

static bool has_too_many_quotes(const struct reader *reader, char quote)
{
    size_t count = 0;
    while (count <= MOST_QUOTES && peek(reader, count) == quote) {
        count++;
    }
    return count > MOST_QUOTES;
}

/* One character of a string; line ends become "\n". */
static bool take_character(struct reader *reader, char quote, bool many_lines, struct buffer *out)
{
    const char c = peek(reader, 0);
    take(reader, c);
    if (c == '\\' && quote == '"') {
        return take_escape(reader, many_lines, out);
    }
    if (is_control(c) && c != '\n' && (c != '\r' || peek(reader, 0) != '\n')) {
        return fail(reader, "this string contains a control character; write it as an escape.");
    }
    if (c != '\r') {
        buffer_putc(out, c);
    }
    return true;
}

/* A string with its quotes. */
static bool take_string(struct reader *reader, const char **string)
{
    struct buffer out = {.arena = reader->arena};
    const char quote = peek(reader, 0);
    const bool many_lines = at_three(reader, 0, quote);
    const uint32_t began = reader->line;
    reader->at += many_lines ? 3 : 1;
    if (many_lines) {
        take_newline(reader);
    }
    while (!ends_string(reader, quote, many_lines)) {
        const char c = peek(reader, 0);
        if (c == '\0' || (c == '\n' && !many_lines)) {
            reader->line = began;
            return fail(reader, "the string that begins here has no end.");
        }
        if (many_lines && has_too_many_quotes(reader, quote)) {
            return fail(reader, "there are more than %d quotes here.", MOST_QUOTES);
        }
        if (!take_character(reader, quote, many_lines, &out)) {
            return false;
        }
    }
    reader->at += many_lines ? 3 : 1;
    *string = buffer_string(&out);
    return true;
}

/* ---- keys ---- */

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool take_part(struct reader *reader, const char **part)
{
    const char quote = peek(reader, 0);
    if (quote == '"' || quote == '\'') {
        return peek(reader, 1) == quote && peek(reader, 2) == quote ? fail(reader, "a key cannot be in three quotes.")
                                                                    : take_string(reader, part);
    }
    const size_t start = reader->at;
    while (is_bare(peek(reader, 0))) {
        reader->at++;
    }
    *part = arena_strndup(reader->arena, reader->content.data + start, reader->at - start);
    return reader->at > start ? true
           : is_control(peek(reader, 0)) && peek(reader, 0) != '\n' && peek(reader, 0) != '\0'
               ? fail(reader, "there is a control character here.")
               : fail(reader, "a key was expected here: letters, digits, - and _, or a quoted string.");
}

static bool is_readable(const char *part)
{
    for (const char *c = part; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F || *c == '.') {
            return false;
        }
    }
    return part[0] != '\0';
}

/* A dotted key: its last part, and everything before it. Quoted parts with dots are refused, because they would read as
 * two; so are characters that are not readable in a message. */
static bool take_key(struct reader *reader, const char **before, const char **last)
{
    struct buffer path = {.arena = reader->arena};
    for (size_t i = 0; i < MOST_PARTS; i++) {
        skip_blanks(reader);
        if (!take_part(reader, last)) {
            return false;
        }
        if (strlen(*last) > LONGEST_PART) {
            return fail(reader, "a part of this key is longer than %d bytes.", LONGEST_PART);
        }
        if (!is_readable(*last)) {
            return fail(reader, "a key is empty, or has a dot or a control character inside quotes.");
        }
        skip_blanks(reader);
        if (!take(reader, '.')) {
            *before = buffer_string(&path);
            return true;
        }
        buffer_printf(&path, "%s%s", path.size == 0 ? "" : ".", *last);
    }
    return fail(reader, "this key has more than %d parts.", MOST_PARTS);
}

/* ---- values ---- */

/* "-1_000" without underscores and plus; NULL if it is no integer that fits. */
static const char *whole_number(struct arena *arena, struct text word)
{
    struct buffer digits = {.arena = arena};
    const size_t first = word.size > 0 && strchr("+-", word.data[0]) != NULL ? 1 : 0;
    const bool has_zero = word.size > first + 1 && word.data[first] == '0';
    buffer_puts(&digits, first == 1 && word.data[0] == '-' ? "-" : "");
    for (size_t i = first; i < word.size; i++) {
        const bool is_gap = word.data[i] == '_' && i > first && word.data[i - 1] != '_' && i + 1 < word.size;
        if (!is_gap && (word.data[i] < '0' || word.data[i] > '9')) {
            return NULL;
        }
        if (!is_gap) {
            buffer_putc(&digits, word.data[i]);
        }
    }
    return word.size == first || has_zero || digits.size > LONGEST_DIGITS ? NULL : buffer_string(&digits);
}

/* The value of an unquoted word. */
static bool take_word(struct reader *reader, enum toml_kind *kind, const char **value)
{
    const size_t start = reader->at;
    while (peek(reader, 0) != '\0' && strchr(" \t\r\n#,]}", peek(reader, 0)) == NULL) {
        reader->at++;
    }
    const struct text word = text_slice(reader->content, start, reader->at);
    *kind = TOML_BOOLEAN;
    *value = arena_strndup(reader->arena, word.data, word.size);
    if (text_is(word, "true") || text_is(word, "false")) {
        return true;
    }
    const char *const number = whole_number(reader->arena, word);
    if (number == NULL) {
        const struct text shown = text_slice(word, 0, text_byte_of_character(word, MOST_SHOWN + 1));
        return fail(reader, "\"%s\" is not a value: text needs quotes; other values are true, false and whole numbers.",
                    arena_strndup(reader->arena, shown.data, shown.size));
    }
    *kind = TOML_INTEGER;
    *value = number;
    return true;
}

static bool take_scalar(struct reader *reader, enum toml_kind *kind, const char **value)
{
    if (peek(reader, 0) == '"' || peek(reader, 0) == '\'') {
        *kind = TOML_STRING;
        return take_string(reader, value);
    }
    if (peek(reader, 0) == '{') {
        return fail(reader, "tables in braces are not supported here; write [table] on a line of its own.");
    }
    return take_word(reader, kind, value);
}

/* A list, after its opening bracket. */
static bool take_list(struct reader *reader, struct toml_entry *entry)
{
    const char **items = NULL;
    size_t capacity = 0;
    const uint32_t began = reader->line;
    for (;;) {
        enum toml_kind kind;
        skip_lines(reader);
        if (take(reader, ']')) {
            entry->items = items;
            return true;
        }
        if (peek(reader, 0) == '\0') {
            reader->line = began;
            return fail(reader, "the list that begins here has no end.");
        }
        if (peek(reader, 0) == '[') {
            return fail(reader, "a list in a list is not understood here.");
        }
        items = arena_grow(reader->arena, items, entry->item_count, &capacity, sizeof *items);
        if (!take_scalar(reader, &kind, &items[entry->item_count])) {
            return false;
        }
        entry->item_count++;
        skip_lines(reader);
        if (!take(reader, ',') && peek(reader, 0) != ']' && peek(reader, 0) != '\0') {
            return fail(reader, "values of a list are separated by commas.");
        }
    }
}

/* ---- lines ---- */

static bool take_header(struct reader *reader)
{
    const char *before;
    const char *last;
    if (peek(reader, 0) == '[') {
        return fail(reader, "lists of tables, [[…]], are not understood here.");
    }
    if (!take_key(reader, &before, &last)) {
        return false;
    }
    if (!take(reader, ']')) {
        return fail(reader, "the name of a table ends with a \"]\".");
    }
    struct toml *const toml = reader->toml;
    reader->table = before[0] == '\0' ? last : arena_printf(reader->arena, "%s.%s", before, last);
    toml->headers =
        arena_grow(reader->arena, toml->headers, toml->header_count, &toml->header_capacity, sizeof *toml->headers);
    toml->headers[toml->header_count++] = (struct toml_entry){.table = reader->table, .key = "", .line = reader->line};
    return end_line(reader);
}

static bool take_entry(struct reader *reader)
{
    struct toml *const toml = reader->toml;
    struct toml_entry entry = {.line = reader->line};
    const char *before;
    if (!take_key(reader, &before, &entry.key)) {
        return false;
    }
    entry.table = before[0] == '\0'          ? reader->table
                  : reader->table[0] == '\0' ? before
                                             : arena_printf(reader->arena, "%s.%s", reader->table, before);
    if (!take(reader, '=')) {
        return fail(reader, "the key \"%s\" needs a value: %s = …", entry.key, entry.key);
    }
    skip_blanks(reader);
    if (take(reader, '[')) {
        entry.kind = TOML_LIST;
        if (!take_list(reader, &entry)) {
            return false;
        }
    } else if (!take_scalar(reader, &entry.kind, &entry.value)) {
        return false;
    }
    if (toml->count == MOST_ENTRIES) {
        return fail(reader, "there are more than %d keys.", MOST_ENTRIES);
    }
    toml->entries = arena_grow(reader->arena, toml->entries, toml->count, &toml->capacity, sizeof *toml->entries);
    toml->entries[toml->count++] = entry;
    return end_line(reader);
}

bool toml_read(struct arena *arena, const char *name, struct text content, struct toml *toml, struct status *status)
{
    struct reader reader = {.arena = arena, .toml = toml, .status = status, .content = content, .line = 1, .table = ""};
    size_t bad = 0;
    *toml = (struct toml){.name = name};
    if (!text_is_utf8(content, &bad) || memchr(content.data == NULL ? "" : content.data, '\0', content.size) != NULL) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "%s is not a text file in UTF-8.", name);
    }
    for (skip_lines(&reader); reader.at < content.size; skip_lines(&reader)) {
        if (!(take(&reader, '[') ? take_header(&reader) : take_entry(&reader))) {
            return false;
        }
    }
    return toml_check_tables(arena, toml, status);
}

const struct toml_entry *toml_find(const struct toml *toml, const char *table, const char *key)
{
    for (size_t i = 0; i < toml->count; i++) {
        if (strcmp(toml->entries[i].table, table) == 0 && strcmp(toml->entries[i].key, key) == 0) {
            return &toml->entries[i];
        }
    }
    return NULL;
}

const char *toml_place(struct arena *arena, const struct toml *toml, const struct toml_entry *entry)
{
    return arena_printf(arena, "%s, line %u", toml->name, entry->line);
}
