/*
 * Where Liquibase cuts a script into the statements that it sends.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_CUTS_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_CUTS_H

#include "base/text.h"

struct liquibase_cut {
    const char *delimiter; /* NULL: ";", and lines of "/" or "go" */
    bool splits;           /* split at the delimiter */
    bool strips;           /* remove comments */
};

/* A walk over the delimiters of a script. */
struct liquibase_cuts {
    struct text sql;
    struct liquibase_cut cut;
    size_t at;
    size_t begins;        /* BEGINs whose END has not come */
    struct text previous; /* the token before this place, which may be white space; size 0: none */
};

struct liquibase_cuts liquibase_cuts_of(struct text sql, const struct liquibase_cut *cut);

/* The next delimiter, [*start, *end) of the script. False: there is none. */
bool liquibase_next_cut(struct liquibase_cuts *cuts, size_t *start, size_t *end);

/* The size of the quoted text that begins here with ', ", [ or `; 0: there is none. */
size_t liquibase_quoted_size(struct text text);

/* The size of the comment that begins here; 0: there is none. One that does not end reaches to the end of the text;
 * PostgreSQL will report it. */
size_t liquibase_comment_size(struct text text);

/* Is the delimiter a plain word? Liquibase treats it as a regular expression. */
bool liquibase_delimiter_is_plain(const char *written);

/* The offset of the first delimiter at which Liquibase cuts in the middle of a statement: in a dollar quote, a string
 * or a function's BEGIN ATOMIC. SIZE_MAX: none. */
size_t liquibase_tears_at(struct text sql, const struct liquibase_cut *cut);

/* The offset of a line that begins with the delimiter although Liquibase never cuts at that: "\n@@", which it compares
 * with a line break and one word or one sign. SIZE_MAX: none. */
size_t liquibase_never_cuts_at(struct text sql, const struct liquibase_cut *cut);

#endif
