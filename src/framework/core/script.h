/*
 * Extracts the part of a file that is to run, so that positions in it remain positions in the file.
 */
#ifndef FRAMEWORK_CORE_SCRIPT_H
#define FRAMEWORK_CORE_SCRIPT_H

#include "framework/core/framework.h"

/* A copy in which all bytes outside [start, end), except line endings, are spaces. */
struct text script_keep(struct arena *arena, struct text content, size_t start, size_t end);

/* A copy without the carriage returns before line ends, for tools that read line by line. */
struct text script_drop_returns(struct arena *arena, struct text content);

/* The position in its file of byte `offset` of a script; character 0: not known. *name (may be NULL) becomes the file
 * if that is not the migration's own, else NULL. */
struct position script_position(struct text script, const struct script_parts *parts, size_t offset, const char **name);

/* Where script_position_next was last; zeroed before the first question about a script. */
struct script_mark {
    size_t start;  /* of the part */
    size_t offset; /* in the script */
    struct position position;
};

/* The same, for one offset after the other: a script of thousands of statements is read once for all of them. */
struct position script_position_next(struct text script, const struct script_parts *parts, size_t offset,
                                     const char **name, struct script_mark *mark);

/* A copy in another arena, without the data of COPY itself. */
struct script_parts script_parts_copy(struct arena *arena, const struct script_parts *parts);

/* Is this line (without its ending) a marker? */
typedef bool line_test(struct text line);

/* The offset of the first matching line at or after `from` (the start of a line); *behind becomes the start of the line
 * after it. SIZE_MAX if there is none. */
size_t script_find_line(struct text content, size_t from, line_test *test, size_t *behind);

/* Is this a comment line "-- words…" with these words, separated by any blanks? nocase: ignore the case of ASCII
 * letters. *rest becomes what follows, trimmed; if rest is NULL nothing may follow. */
bool line_is_comment(struct text line, const char *words, bool nocase, struct text *rest);

/* The value of a name; NULL if it is unknown. */
typedef const char *placeholder_value(void *data, struct arena *arena, struct text name);

/* What placeholders look like, and their values. */
struct script_placeholders {
    const char *open; /* "${" */
    const char *close;
    placeholder_value *find;
    void *data;   /* for `find` */
    bool lenient; /* unknown ones stay as they are, and so do those that have no end */
};

/* Replaces placeholders. Fails with INVALID_ARGUMENT, with name and line, for an unknown one and for a value that
 * contains line endings. */
bool script_fill(struct arena *arena, struct text content, const struct script_placeholders *placeholders,
                 struct text *filled, struct status *status);

#endif
