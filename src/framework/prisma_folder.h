/*
 * Where a Prisma project keeps its migrations, and what is in there.
 */
#ifndef FRAMEWORK_PRISMA_FOLDER_H
#define FRAMEWORK_PRISMA_FOLDER_H

#include "framework/framework.h"

#define PRISMA_SCRIPT "migration.sql"

/* The functions of struct framework with these names. */
bool prisma_find_folders(struct arena *arena, const struct project *project, struct folder_list *folders,
                         struct status *status);
bool prisma_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                 struct status *status);
bool prisma_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                         struct status *status);
bool prisma_create_migration(struct arena *arena, const char *name, int64_t wall_us, const char **migration,
                             const char **file, struct status *status);

#endif
