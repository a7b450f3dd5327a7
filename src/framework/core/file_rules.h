/*
 * The files of a folder as a framework's facts say: which are migrations, what they are called, their order, and the
 * names of new ones.
 */
#ifndef FRAMEWORK_CORE_FILE_RULES_H
#define FRAMEWORK_CORE_FILE_RULES_H

#include "framework/core/framework.h"

/* framework_list for a framework whose facts have patterns of files. */
bool files_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status);

/* False where the facts say that files are numbered from 1 without gaps, and these are not. */
bool files_check_numbers(const struct folder *folder, const struct migration_files *files, struct status *status);

#endif
