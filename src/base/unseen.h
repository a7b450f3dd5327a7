/*
 * Characters that are not displayed as themselves: control characters, and those that change the text's direction
 * (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) or begin a new line (U+2028, U+2029). A name with one of them
 * could move a cursor, or look like another name.
 */
#ifndef BASE_UNSEEN_H
#define BASE_UNSEEN_H

#include <stddef.h>

/* The size in bytes of such a character at the front of a NUL-terminated string; 0: an ordinary character, or the
 * end. */
size_t text_unseen(const char *string);

/* The code point of such a character of `size` bytes, 1 to 3. */
unsigned text_unseen_code(const char *string, size_t size);

#endif
