/*
 * Values in the source of a configuration: strings, paths that are put together, lists of them.
 */
#ifndef FRAMEWORK_CODED_CODE_VALUE_H
#define FRAMEWORK_CODED_CODE_VALUE_H

#include "base/text.h"

#define MOST_TRIES 100 /* settings of one name that are looked at */
#define MOST_ITEMS 16  /* of a list of directories */

struct value {
    struct buffer text; /* the strings, as parts of a path */
    bool is_list;
    bool is_beside;   /* relative to the file that says it */
    bool is_escaped;  /* it has escapes, which are not read here */
    int depth;        /* of brackets */
    bool is_constant; /* it is what a constant is set to */
    int names;        /* how many constants were followed */
};

/* The offset after the next `key:`, `'key' =>`, `key =` or `options['key'] =` at or after `from`; SIZE_MAX: none. */
size_t value_find(struct text source, const char *key, size_t from);

/* Reads the value at this offset; constants of the same source are followed. Returns false if a part of it is
 * computed. */
bool value_read(struct arena *arena, struct text source, size_t at, struct value *value);

/* Reads the value at this offset, or the whole list there, into at most MOST_ITEMS + 1 values. Returns 0 if one of them
 * is computed, or there are too many. */
size_t value_read_all(struct arena *arena, struct text source, size_t at, struct value *values);

#endif
