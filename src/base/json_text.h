/*
 * JSON as text: strings are written, and what is put into an answer as it is, is checked.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/text.h"

/* Appends a string in quotes; what is not UTF-8 in it becomes U+FFFD. */
void json_write_string(struct buffer *out, struct text text);

/* One value and nothing else, as RFC 8259 has it, at most 512 deep, in UTF-8. In one pass, without memory. */
bool json_is_sound(struct text text);

#endif
