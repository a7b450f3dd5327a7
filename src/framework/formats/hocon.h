/*
 * HOCON (application.conf of Play), as far as settings need it: plain values at a path, in nested objects or with dots.
 * Nothing is substituted or included.
 */
#ifndef FRAMEWORK_FORMATS_HOCON_H
#define FRAMEWORK_FORMATS_HOCON_H

#include "base/text.h"

enum hocon_kind {
    HOCON_NONE,
    HOCON_PLAIN,
    HOCON_COMPUTED, /* ${…}, a list, several texts in a row, a text with escapes */
};

/* A value. */
struct hocon_value {
    enum hocon_kind kind;
    const char *text; /* of a plain one */
    size_t at;        /* its offset in the source */
};

/* The value at a path ("play.evolutions.path"); the last one counts, as in HOCON, unless that is an optional
 * substitution (${?X}), whose variable may not be set: then a plain one before it counts as computed. */
struct hocon_value hocon_find(struct arena *arena, struct text source, const char *path);

#endif
