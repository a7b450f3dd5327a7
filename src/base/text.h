/*
 * Slices and buffers. Text from outside is a slice, a pointer and a size, and may contain any byte. A buffer builds
 * text in an arena.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes, not NUL-terminated. data may be NULL if size is 0. */
struct text {
    const char *data;
    size_t size;
};

/* A slice of a C string (NULL: empty), which must outlive it. */
struct text text_of(const char *string);

/* The bytes [start, end), clipped to the text. */
struct text text_slice(struct text text, size_t start, size_t end);

bool text_equal(struct text a, struct text b);
/* Of strings; NULL equals NULL only. */
bool string_equal(const char *a, const char *b);
bool text_is(struct text a, const char *string);
/* Ignores the case of ASCII letters. */
bool text_is_nocase(struct text a, const char *string);
bool text_starts_with(struct text text, const char *prefix);
bool text_ends_with(struct text text, const char *suffix);
/* Ignores the case of ASCII letters. */
bool text_ends_with_nocase(struct text text, const char *suffix);

/* Its beginning, of `most` bytes at most: cut in front of a character of UTF-8 that does not fit. */
struct text text_cut(struct text text, size_t most);

/* A copy with every line ending as "\r\n", or as "\n"; a "\r" alone stays. */
struct text text_with_endings(struct arena *arena, struct text text, bool is_crlf);

/* The text without ASCII white space at both ends. */
struct text text_trim(struct text text);

/* The text without a byte order mark at its start. */
struct text text_without_mark(struct text text);

/* Cuts the first line off *rest (without its "\n" or "\r\n"). Returns false if nothing is left. */
bool text_next_line(struct text *rest, struct text *line);

/* Cuts the first word, which ends at a blank, off *rest. Returns false if there is none. */
bool text_next_word(struct text *rest, struct text *word);

/* Cuts the first item, which ends at the character 31 (ASCII's unit separator), off *rest. Returns false, and leaves
 * *item, if nothing is left. */
bool text_next_unit(struct text *rest, struct text *item);

/* Replaces these bytes by blanks, but for line endings. */
void text_blank(char *data, size_t size);

/* Byte offset of the first occurrence at or after `from`; SIZE_MAX: none. */
size_t text_find(struct text text, const char *needle, size_t from);

/* The text between the next two double quotes behind the first occurrence of a word; data NULL: there is none. */
struct text text_quoted_behind(struct text text, const char *word);

/* How often it occurs, without overlapping. The needle must not be empty. */
size_t text_count(struct text text, const char *needle);

/* text_find from the beginning, ignoring the case of ASCII letters. The needle must not be empty. */
size_t text_find_nocase(struct text text, const char *needle);

/* Is it well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF)? *bad (may be NULL) becomes the offset
 * of the first invalid byte. NUL bytes are accepted. */
bool text_is_utf8(struct text text, size_t *bad);

/* Is it well-formed UTF-8 without NUL bytes, which is what PostgreSQL can store and a configuration can be? */
bool text_is_legible(struct text text);

/* Copies a string as well-formed UTF-8 of about `most` bytes at the most: invalid bytes become U+FFFD, and … replaces
 * what is cut off. NULL becomes "". */
char *text_clean(struct arena *arena, const char *string, size_t most);

/* The same, with U+FFFD also for control characters and those that change the text's direction (U+200E, U+200F, U+202A
 * to U+202E, U+2066 to U+2069): for foreign names. */
char *text_plain(struct arena *arena, const char *string, size_t most);

/* The same text in ASCII: "-" and "..." for our dashes and ellipses, "?" for every other character. It adds no quotes,
 * so SQL keeps its meaning. */
char *text_ascii(struct arena *arena, const char *string);

/* The same, but nothing is lost: what is not ASCII becomes \\u017b, as in JSON (two of them above U+FFFF). The string
 * must be well-formed. */
char *text_escaped(struct arena *arena, const char *string);

/* The number of characters (code points) in well-formed UTF-8. */
size_t text_characters(struct text text);

/* Byte offset of the 1-based `character`, as in PostgreSQL's error positions; text.size beyond the end. */
size_t text_byte_of_character(struct text text, size_t character);

struct position {
    uint32_t line;      /* 1-based */
    uint32_t column;    /* 1-based, in characters */
    uint32_t character; /* 1-based, in characters of the whole text */
};

/* The position of byte `offset` in a UTF-8 text, where that of byte `from`, which is not behind it, is known to be
 * `at`: reads only what is between them. Lines end with "\n". */
struct position text_position_from(struct text text, size_t from, struct position at, size_t offset);

/* The position of byte `offset` in a UTF-8 text. */
static inline struct position text_position(struct text text, size_t offset)
{
    return text_position_from(text, 0, (struct position){1, 1, 1}, offset);
}

/* The number of lines; an unterminated last line counts. */
uint32_t text_lines(struct text text);

/* Percent-decodes into the arena, NUL-terminated; "+" stays. NULL for an invalid escape or one that decodes to NUL. */
char *text_percent_decode(struct arena *arena, struct text text);

/* Text under construction. Start with {.arena = arena}. data is NUL-terminated; NULL as long as nothing was added. */
struct buffer {
    struct arena *arena;
    char *data;
    size_t size;
    size_t capacity;
};

void buffer_add(struct buffer *buffer, struct text text);
void buffer_puts(struct buffer *buffer, const char *string);
void buffer_putc(struct buffer *buffer, char c);

/* A character, in UTF-8, by its number: at most 0x10FFFF. */
void buffer_put_code(struct buffer *buffer, uint32_t code);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends a text percent-encoded, but for letters, digits, "-._~" (RFC 3986) and the characters in `also`. */
void buffer_put_encoded(struct buffer *buffer, struct text text, const char *also);
/* Makes room for `size` more bytes. */
void buffer_reserve(struct buffer *buffer, size_t size);
struct text buffer_text(const struct buffer *buffer);
/* As a C string; "" if nothing was added. */
const char *buffer_string(const struct buffer *buffer);

#endif
