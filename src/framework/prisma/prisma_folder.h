/*
 * Where a Prisma project has its migrations, and the files in it.
 */
#ifndef FRAMEWORK_PRISMA_PRISMA_FOLDER_H
#define FRAMEWORK_PRISMA_PRISMA_FOLDER_H

#include "framework/core/layout.h"

#define PRISMA_SCRIPT "migration.sql"

/* The hooks of the same names. */
bool prisma_find(struct arena *arena, const struct project *project, const char *base, struct folder_list *folders,
                 struct status *status);
bool prisma_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                 struct status *status);
bool prisma_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                         struct status *status);

#endif
