/*
 * TypeORM migrations that a data source lists as classes: migrations: [Init1700000000000, …].
 */
#ifndef FRAMEWORK_CODED_TYPEORM_LIST_H
#define FRAMEWORK_CODED_TYPEORM_LIST_H

#include "framework/core/unread.h"

/* Sets folder->path to the one directory from which the file imports migrations, also through an index file, and
 * folder->settings to the text (a struct text) with their class names. Returns false if there are no imports, or from
 * several directories. */
bool typeorm_list_find(struct arena *arena, struct folder *folder, const struct source_file *file);

#endif
