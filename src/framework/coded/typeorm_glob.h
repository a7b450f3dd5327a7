/*
 * TypeORM migrations that a data source names by a glob in which directories are stars.
 */
#ifndef FRAMEWORK_CODED_TYPEORM_GLOB_H
#define FRAMEWORK_CODED_TYPEORM_GLOB_H

#include "framework/core/unread.h"

/* Sets folder->is_recursive, and returns the directories of the glob after its fixed part, to be compared with
 * typeorm_glob_fits. NULL: there are none; if they are of a form that is not understood, or differ between the items of
 * the list, folder->unread says so. */
const char *typeorm_glob_find(struct arena *arena, struct folder *folder, const struct source_file *file);

/* The ending of all its globs, "js"; NULL: they have different ones, or several ("*{.ts,.js}"). */
const char *typeorm_glob_ending(struct arena *arena, const struct source_file *file);

/* Are the directories of this path, relative to the fixed part, as the glob says? */
bool typeorm_glob_fits(const char *directories, const char *path);

#endif
