/*
 * Migrations of TypeORM that a data source lists as classes: migrations: [Init1700000000000, …].
 */
#ifndef FRAMEWORK_CODED_TYPEORM_LIST_H
#define FRAMEWORK_CODED_TYPEORM_LIST_H

#include "framework/core/unread.h"

/* Sets folder->path to the one directory from which the file imports migrations, also by an index, and folder->settings
 * to the text (a struct text) that names their classes. False: it imports none, or from several directories. */
bool typeorm_list_find(struct arena *arena, struct folder *folder, const struct source_file *file);

#endif
