/*
 * Paths within a project as the project writes them: "./db//real/../more".
 */
#ifndef FRAMEWORK_CORE_INNER_PATH_H
#define FRAMEWORK_CORE_INNER_PATH_H

#include "base/arena.h"

/* "db/real" for "scripts/../db/./real/", "." for the project itself; NULL if it leads out of the project. path:
 * relative to the project. */
const char *inner_path(struct arena *arena, const char *path);

/* The same, but a path that leads out, and an absolute one, stay unchanged. */
const char *plain_path(struct arena *arena, const char *path);

/* The path relative to a directory: "../more" for "db/more" and "db/real", "more" for "more" and ".". Both must be
 * plain. */
const char *path_seen_from(struct arena *arena, const char *path, const char *directory);

#endif
