/*
 * How folders of migrations are found: in the place that the project's configuration says, else in the framework's
 * usual places, in the project itself and in the packages of a monorepo. A place alone proves nothing: each folder is
 * looked into.
 */
#ifndef FRAMEWORK_CORE_LAYOUT_H
#define FRAMEWORK_CORE_LAYOUT_H

#include "framework/core/package.h"

/* Finds the folders of all frameworks, the surest first. */
bool folders_find(struct arena *arena, const struct project *project, struct folder_list *folders,
                  struct status *status);

/* Appends a folder unless the framework has it already. A leading "./" goes. */
void layout_add(struct arena *arena, struct folder_list *folders, const struct folder *folder);

#endif
