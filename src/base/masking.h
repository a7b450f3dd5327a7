/*
 * What another program has printed, as it may be shown: no secret, and nothing that a terminal would obey.
 */
#ifndef BASE_MASKING_H
#define BASE_MASKING_H

#include "base/text.h"

/* A copy of the line as UTF-8 without escape sequences and control characters (a tab stays), where the secret is "***":
 * as it is, percent-encoded or escaped by a backslash, in whole or in part ("%2F", "\/", "\u002f"). NULL: no secret.
 * One of one or two bytes is left alone: in ordinary words its gaps would tell it. */
const char *masked(struct arena *arena, struct text line, const char *secret);

#endif
