/*
 * Paths of a project as it writes them: "./db//real/../more".
 */
#ifndef FRAMEWORK_CORE_INNER_PATH_H
#define FRAMEWORK_CORE_INNER_PATH_H

#include "base/arena.h"

/* "db/real" of "scripts/../db/./real/", "." for the project itself; NULL where it leads out of the project. path:
 * relative to the project. */
const char *inner_path(struct arena *arena, const char *path);

/* The same, where one that leads out, and an absolute one, stay as they are. */
const char *plain_path(struct arena *arena, const char *path);

/* "../more" of "db/more" as it is seen from "db/real"; both are plain. */
const char *path_seen_from(struct arena *arena, const char *path, const char *directory);

#endif
