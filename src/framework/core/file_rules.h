/*
 * Lists the files of a folder by a framework's facts: which are migrations, their names and order; and makes names for
 * new ones.
 */
#ifndef FRAMEWORK_CORE_FILE_RULES_H
#define FRAMEWORK_CORE_FILE_RULES_H

#include "framework/core/framework.h"

/* framework_list for frameworks whose facts have file patterns. */
bool files_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status);

/* Adds the migrations in one file to `files`; for those that cannot be known it sets files->unrecordable. */
typedef void files_reader(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                          struct text source, struct migration_files *files);

/* The same for frameworks with several migrations in a file: `read` finds them in each file that the facts list. The
 * result is in the order of the files. Fails also if a file cannot be read or is too large. */
bool files_list_inside(struct arena *arena, const struct folder *folder, files_reader *read,
                       struct migration_files *files, struct status *status);

/* Fails if the facts require numbers from 1 without gaps and the files have others. */
bool files_check_numbers(const struct folder *folder, const struct migration_files *files, struct status *status);

#endif
