/*
 * Patterns of file names, as a framework's facts write them:
 *
 *   {number}          digits, as many as there are; {number:14} just so many; {number:1-14} that many
 *   {title}           anything, remembered
 *   *                 anything
 *   {sql|js|ts}       one of these
 *
 * Everything else stands for itself.
 */
#ifndef FRAMEWORK_CORE_PATTERN_H
#define FRAMEWORK_CORE_PATTERN_H

#include "base/text.h"

#include <stdbool.h>

/* What a name has where it fits. Parts of the name. */
struct pattern_match {
    struct text number; /* empty: the pattern has none */
    struct text title;
    struct text stem; /* without the ending: up to where the last of {number}, {title} and * ends */
};

/* Does the whole name fit? match may be NULL. */
bool pattern_fits(const char *pattern, struct text name, struct pattern_match *match);

/* Has it anything that does not stand for itself? */
bool pattern_is_one(struct text pattern);

#endif
