/*
 * Cutting the part of a file that is to run, so that positions in it stay positions in the file.
 */
#ifndef FRAMEWORK_CORE_SCRIPT_H
#define FRAMEWORK_CORE_SCRIPT_H

#include "framework/core/framework.h"

/* A copy in which every byte outside of [start, end) that is not a line ending is a space. */
struct text script_keep(struct arena *arena, struct text content, size_t start, size_t end);

/* Where byte `offset` of a script is in its file. *name (may be NULL) is set where that is another file than the
 * migration's, else to NULL. */
struct position script_position(struct text script, const struct script_parts *parts, size_t offset, const char **name);

/* A copy in another arena. */
struct script_parts script_parts_copy(struct arena *arena, const struct script_parts *parts);

/* Is this line (without its ending) a marker? */
typedef bool line_test(struct text line);

/* Offset of the first line at or behind `from` (which is a line's start) that passes; *behind is the start of the line
 * after it. SIZE_MAX where none does. */
size_t script_find_line(struct text content, size_t from, line_test *test, size_t *behind);

/* True for a line "-- words…" with these words, blanks between them as they come, ASCII case aside where nocase:
 * line_is_comment(line, "migrate:up", false). *rest (may be NULL) is what follows, trimmed; where it is NULL nothing
 * may follow. */
bool line_is_comment(struct text line, const char *words, bool nocase, struct text *rest);

/* The value of a name; NULL for one that is not known. */
typedef const char *placeholder_value(void *data, struct arena *arena, struct text name);

/* What placeholders look like, and what they are worth. */
struct script_placeholders {
    const char *open; /* "${" */
    const char *close;
    placeholder_value *find;
    void *data;   /* for find */
    bool lenient; /* unknown ones stay as they are */
};

/* Replaces placeholders. Fails with INVALID_ARGUMENT, naming it and its line, for one that is not known, and for a
 * value that has line endings. */
bool script_fill(struct arena *arena, struct text content, const struct script_placeholders *placeholders,
                 struct text *filled, struct status *status);

#endif
