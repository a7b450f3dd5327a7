/*
 * Patterns of file names, as a framework's facts write them:
 *
 *     {number}          digits; {number:14} exactly so many; {number:1-14} between so many
 *     {integer}         digits, with a sign or without
 *     {title}           anything; its text is returned
 *     *                 anything
 *     {sql|js|ts}       one of these
 *
 * Everything else is literal.
 */
#ifndef FRAMEWORK_CORE_PATTERN_H
#define FRAMEWORK_CORE_PATTERN_H

#include "base/text.h"

#include <stdbool.h>

/* The parts of a name that fits; texts are parts of the name. */
struct pattern_match {
    struct text number; /* empty: the pattern has none */
    struct text title;
    struct text stem; /* up to the end of the last {number}, {title} or *: without the extension */
};

/* Does the whole name fit? match may be NULL. */
bool pattern_fits(const char *pattern, struct text name, struct pattern_match *match);

/* Does it contain anything that is not literal? */
bool pattern_is_one(struct text pattern);

#endif
