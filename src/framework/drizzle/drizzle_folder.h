/*
 * Folders of Drizzle Kit: 0.x has a journal that names and orders the files, 1.0 a directory for each migration.
 */
#ifndef FRAMEWORK_DRIZZLE_DRIZZLE_FOLDER_H
#define FRAMEWORK_DRIZZLE_DRIZZLE_FOLDER_H

#include "framework/core/layout.h"

bool drizzle_configure(struct arena *arena, struct folder *folder);
bool drizzle_recognise(struct arena *arena, struct folder *folder);

/* Is it of version 0.x? */
bool drizzle_is_journal(const struct folder *folder);

/* The time of a file is what is recorded for it: milliseconds since 1970. */
bool drizzle_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                  struct status *status);

#endif
