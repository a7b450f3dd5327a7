/*
 * HOCON (application.conf of Play), as far as settings need it: plain values at a path, in nested objects or with dots.
 * Nothing is substituted; what a file includes is only named. JSON is a part of it.
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

/* A file that is included by its name: include "db", include required(classpath("db.conf")). */
struct hocon_include {
    const char *name;
    const char *path; /* of the object in which its values count: "play.evolutions"; "": the whole */
    size_t at;        /* its offset in the source */
};

/* Fills in the first ones, at most `most`; returns their number. */
size_t hocon_includes(struct arena *arena, struct text source, struct hocon_include *includes, size_t most);

#endif
