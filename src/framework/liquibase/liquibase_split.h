/*
 * What Liquibase sends of a script: without its comments, cut at its delimiters.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_SPLIT_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_SPLIT_H

#include "base/text.h"

struct liquibase_cut {
    const char *delimiter; /* NULL: ";", and lines of "/" or "go" */
    bool splits;           /* at the delimiter */
    bool strips;           /* comments */
};

/* Appends the script, each delimiter a semicolon, on the lines that it has. */
void liquibase_split_add(struct buffer *out, struct text sql, const struct liquibase_cut *cut);

/* Is a delimiter a plain word? Liquibase takes it for a regular expression. */
bool liquibase_delimiter_is_plain(const char *written);

#endif
