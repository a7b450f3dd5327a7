/*
 * Cutting the part of a file that is to run, so that positions in it stay positions in the file.
 */
#ifndef FRAMEWORK_CORE_SCRIPT_H
#define FRAMEWORK_CORE_SCRIPT_H

#include "framework/core/framework.h"

/* A copy in which every byte outside of [start, end) that is not a line ending is a space. */
struct text script_keep(struct arena *arena, struct text content, size_t start, size_t end);

/* Is this line (without its ending) a marker? */
typedef bool line_test(struct text line);

/* Offset of the first line at or behind `from` (which is a line's start) that passes; *behind is the start of the line
 * after it. SIZE_MAX where none does. */
size_t script_find_line(struct text content, size_t from, line_test *test, size_t *behind);

/* True for a line "-- words…" with these words, blanks between them as they come, ASCII case aside where nocase:
 * line_is_comment(line, "migrate:up", false). *rest (may be NULL) is what follows, trimmed; where it is NULL nothing
 * may follow. */
bool line_is_comment(struct text line, const char *words, bool nocase, struct text *rest);

/* Replaces placeholders: at each `open` … `close` the value of the name between is put; find gives NULL for a name that
 * it does not know, which fails with INVALID_ARGUMENT naming it and its line, or stays as it is where lenient. Values
 * may not have line endings. */
typedef const char *placeholder_value(void *data, struct arena *arena, struct text name);
bool script_fill(struct arena *arena, struct text content, const char *open, const char *close, placeholder_value *find,
                 void *data, bool lenient, struct text *filled, struct status *status);

#endif
