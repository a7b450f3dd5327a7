/*
 * Makes another program's output safe to show: without a secret, and without terminal sequences.
 */
#ifndef BASE_MASKING_H
#define BASE_MASKING_H

#include "base/text.h"

/* Returns a copy of the line as UTF-8 without escape sequences and control characters (tabs stay), with the secret
 * replaced by "***": as it is, percent-encoded or backslash-escaped, completely or partly ("%2F", "\/", "\u002f").
 * secret NULL: none. A secret of one or two bytes is not masked, because the gaps in ordinary words would reveal it. */
const char *masked(struct arena *arena, struct text line, const char *secret);

#endif
