/*
 * What Liquibase sends of a script: without comments, split at its delimiters.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_SPLIT_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_SPLIT_H

#include "base/text.h"

struct liquibase_cut {
    const char *delimiter; /* NULL: ";", and lines of "/" or "go" */
    bool splits;           /* split at the delimiter */
    bool strips;           /* remove comments */
};

/* Appends the script with each delimiter replaced by a semicolon; lines stay the same. */
void liquibase_split_add(struct buffer *out, struct text sql, const struct liquibase_cut *cut);

/* Is the delimiter a plain word? Liquibase treats it as a regular expression. */
bool liquibase_delimiter_is_plain(const char *written);

#endif
