/*
 * The files of a folder by key: finds the file that a row of the tracking table, or another file, names.
 */
#ifndef FRAMEWORK_CORE_FILE_INDEX_H
#define FRAMEWORK_CORE_FILE_INDEX_H

#include "framework/core/folder.h"

struct file_index {
    const struct migration_file **files; /* by key; equal keys in the order of the list */
    size_t count;
    size_t next; /* where the next search starts: base/search.h */
};

/* Makes an index in the arena. The files are borrowed and must not move. */
struct file_index file_index_of(struct arena *arena, const struct migration_files *files);

/* The first file of the list with this key; NULL: none. Fast if keys are asked for in order. */
const struct migration_file *file_index_find(struct file_index *index, const char *key);

#endif
