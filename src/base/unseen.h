/*
 * Characters that a terminal or a page does not show as they are: control characters, and what makes others show in
 * another order (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) or on another line (U+2028, U+2029). A name that
 * has one could move a cursor, or look like another name.
 */
#ifndef BASE_UNSEEN_H
#define BASE_UNSEEN_H

#include <stddef.h>

/* How many bytes at the front of a NUL-terminated string are one; 0: a usual character, or the end. */
size_t text_unseen(const char *string);

/* The number of the one that so many bytes are, 1 to 3. */
unsigned text_unseen_code(const char *string, size_t size);

#endif
