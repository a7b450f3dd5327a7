/*
 * How folders of migrations are found: in the place that the project's configuration says, else in the framework's
 * usual places, in the project itself and in the packages of a monorepo. A place alone proves nothing: each folder is
 * looked into.
 */
#ifndef FRAMEWORK_CORE_LAYOUT_H
#define FRAMEWORK_CORE_LAYOUT_H

#include "base/bounds.h"
#include "framework/core/package.h"

/* Finds the folders of all frameworks, the surest first. */
bool folders_find(struct arena *arena, const struct project *project, struct folder_list *folders,
                  struct status *status);

/* Holds what this thread reads against the project's bounds (base/bounds.h), until bounds_leave: those of the folder
 * that the operator names besides, and none at all where he says so. */
void project_enter_bounds(struct arena *arena, const struct project *project, struct bounds *bounds);

/* Is it the one that somebody asks for by its name? Then what its files look like has no veto. */
bool layout_is_asked(const struct project *project, const struct framework *framework);

/* What of the folders that were found is kept, the surest first. */
void layout_settle(struct arena *arena, const struct project *project, struct folder_list *folders);

/* Appends a folder unless the framework has it already. A leading "./" goes. */
void layout_add(struct arena *arena, struct folder_list *folders, const struct folder *folder);

#endif
