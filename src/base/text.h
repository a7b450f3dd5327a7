/*
 * Text from outside is a slice: a pointer and a size, which may hold any byte. A buffer builds text in an arena.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes, not NUL-terminated. data may be NULL when size is 0. */
struct text {
    const char *data;
    size_t size;
};

/* A slice over a C string (NULL: empty), which must outlive it. */
struct text text_of(const char *string);

/* The part from byte `start` up to, not including, byte `end`; both are clipped to the text. */
struct text text_slice(struct text text, size_t start, size_t end);

bool text_equal(struct text a, struct text b);
bool text_is(struct text a, const char *string);
/* Without regard to ASCII case. */
bool text_is_nocase(struct text a, const char *string);
bool text_starts_with(struct text text, const char *prefix);
bool text_ends_with(struct text text, const char *suffix);

/* The text without ASCII white space at both ends. */
struct text text_trim(struct text text);

/* The text without a byte order mark at its start, which editors put there. */
struct text text_without_mark(struct text text);

/* Cuts the first line off *rest (without its "\n" or "\r\n"). False when nothing is left. */
bool text_next_line(struct text *rest, struct text *line);

/* Byte offset of the first occurrence at or after `from`; SIZE_MAX where there is none. */
size_t text_find(struct text text, const char *needle, size_t from);

/* The same without regard to ASCII case, from the beginning. The needle is not empty. */
size_t text_find_nocase(struct text text, const char *needle);

/* True for well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). *bad (may be NULL) is set to the
 * offset of the first byte that is not. NUL bytes are accepted: who cannot have them asks with memchr. */
bool text_is_utf8(struct text text, size_t *bad);

/* A copy of a string that is well-formed UTF-8 and at most about `most` bytes long: U+FFFD stands for each byte that is
 * none, and … for what was cut off, at a character. NULL becomes "". */
char *text_clean(struct arena *arena, const char *string, size_t most);

/* The same, and U+FFFD stands also for each control character and for what makes a terminal or a page show text in
 * another order (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069): for names that come from outside. */
char *text_plain(struct arena *arena, const char *string, size_t most);

/* Characters (code points) in well-formed UTF-8. */
size_t text_characters(struct text text);

/* Byte offset of the character with the 1-based number `character`, as PostgreSQL counts error positions; text.size
 * when it is beyond the end. */
size_t text_byte_of_character(struct text text, size_t character);

struct position {
    uint32_t line;      /* 1-based */
    uint32_t column;    /* 1-based, in characters */
    uint32_t character; /* 1-based, in characters of the whole text */
};

/* Where byte `offset` of a UTF-8 text is. Lines end with "\n". */
struct position text_position(struct text text, size_t offset);

/* Number of lines: that of the "\n", and one more if something follows the last one. */
uint32_t text_lines(struct text text);

/* Levenshtein distance of two short names, for "did you mean"; SIZE_MAX when either is longer than 255 bytes. */
size_t text_distance(struct text a, struct text b);

/* Percent-decodes into the arena, NUL-terminated; "+" stays. NULL when an escape is malformed or decodes to NUL. */
char *text_percent_decode(struct arena *arena, struct text text);

/* Text under construction. Start with {.arena = arena}. data is NUL-terminated once something was added, else NULL. */
struct buffer {
    struct arena *arena;
    char *data;
    size_t size;
    size_t capacity;
};

void buffer_add(struct buffer *buffer, struct text text);
void buffer_puts(struct buffer *buffer, const char *string);
void buffer_putc(struct buffer *buffer, char c);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for size bytes beyond the present end is made sure of. */
void buffer_reserve(struct buffer *buffer, size_t size);
struct text buffer_text(const struct buffer *buffer);
/* As a C string; "" when nothing was added. */
const char *buffer_string(const struct buffer *buffer);

#endif
