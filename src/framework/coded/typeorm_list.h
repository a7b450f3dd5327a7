/*
 * TypeORM migrations that a data source lists as classes: migrations: [Init1700000000000, …].
 */
#ifndef FRAMEWORK_CODED_TYPEORM_LIST_H
#define FRAMEWORK_CODED_TYPEORM_LIST_H

#include "framework/core/unread.h"

/* folder->settings of TypeORM; NULL: nothing of this is said. */
struct typeorm_settings {
    struct text listed;      /* the text with the names of the classes that count; data NULL: all count */
    const char *directories; /* in which a file must be (typeorm_glob.h); NULL: in the folder itself */
    const char *ending;      /* that all files have to have, "js"; NULL: any */
};

/* Sets folder->path to the one directory from which the file imports migrations, also through an index file, and listed
 * in folder->settings to the text with their class names. Returns false if there are no imports, or from several
 * directories. */
bool typeorm_list_find(struct arena *arena, struct folder *folder, const struct source_file *file);

#endif
