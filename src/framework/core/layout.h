/*
 * Finds folders of migrations: where the project's configuration says, else in the framework's usual places, in the
 * project itself and in the packages of a monorepo. A place alone proves nothing: each folder is examined.
 */
#ifndef FRAMEWORK_CORE_LAYOUT_H
#define FRAMEWORK_CORE_LAYOUT_H

#include "framework/core/package.h"

/* Finds the folders of all frameworks, the most certain first. */
bool folders_find(struct arena *arena, const struct project *project, struct folder_list *folders,
                  struct status *status);

/* Was this framework requested by name? Then the look of its files has no veto. */
bool layout_is_asked(const struct project *project, const struct framework *framework);

/* Decides which of the folders that were found are kept, and sorts them, the most certain first. */
void layout_settle(struct arena *arena, const struct project *project, struct folder_list *folders);

/* Appends a folder unless the framework has it already. A leading "./" is removed. */
void layout_add(struct arena *arena, struct folder_list *folders, const struct folder *folder);

/* Remembers a directory that may not be read, so that the answer names it if no folder is found. path: as it is shown;
 * whole: where it is. Both must live as long as the folders. */
void layout_note_unreadable(struct folder_list *folders, const char *path, const char *whole);

#endif
