/*
 * The files of a folder by their keys: which one is it that a row of the tracking table, or another file, names?
 */
#ifndef FRAMEWORK_CORE_FILE_INDEX_H
#define FRAMEWORK_CORE_FILE_INDEX_H

#include "framework/core/folder.h"

struct file_index {
    const struct migration_file **files; /* by key; of one key in the order of the list */
    size_t count;
    size_t next; /* where the next one is looked for first: base/search.h */
};

/* In the arena; the files are borrowed, and are not to move. */
struct file_index file_index_of(struct arena *arena, const struct migration_files *files);

/* The first of the list with this key; NULL where there is none. Keys that come in their order are found at once. */
const struct migration_file *file_index_find(struct file_index *index, const char *key);

#endif
