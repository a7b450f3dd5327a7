/*
 * Paths as text, whether or not the files exist: base/files.h looks at files.
 */
#ifndef BASE_PATHS_H
#define BASE_PATHS_H

#include "base/text.h"

#include <stdbool.h>

/* "dir/name"; dir if name is ""; name if it is absolute, or if dir is "" or ".". */
const char *path_join(struct arena *arena, const char *dir, const char *name);

/* What is behind the last slash: "c" for "a/b/c" and for "c". Borrowed from the path. */
const char *path_name(const char *path);

/* What is before it: "a/b" for "a/b/c", "" for "c", "/" for "/c". */
const char *path_above(struct arena *arena, const char *path);

/* Is the path, as written, the folder itself or below it? file_is_within() follows links. */
bool path_is_within(const char *folder, const char *path);

/* The path as seen from the folder, if it is below it: "c" for "a/b/c" and "a/b", "" for the folder itself; else the
 * path unchanged. Borrowed from the path. */
const char *path_below(const char *folder, const char *path);

/* Can the name be one component of a path: not empty, not "." or "..", no '/', no NUL, no control characters, at most
 * 255 bytes? */
bool path_is_component(struct text name);

/* Is it a relative path of such components, which cannot lead out of its directory? */
bool path_is_inside(const char *path);

#endif
