/*
 * JSON text: writes strings, and checks JSON that is inserted unchanged into an answer.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/text.h"

/* Appends a string in quotes; invalid UTF-8 becomes U+FFFD. */
void json_write_string(struct buffer *out, struct text text);

/* Is it exactly one JSON value (RFC 8259) in UTF-8, at most 512 levels deep? One pass, without allocation. */
bool json_is_sound(struct text text);

#endif
