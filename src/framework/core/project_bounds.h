/*
 * The bounds of a request's project.
 */
#ifndef FRAMEWORK_CORE_PROJECT_BOUNDS_H
#define FRAMEWORK_CORE_PROJECT_BOUNDS_H

#include "base/bounds.h"
#include "framework/core/folder.h"

/* Until bounds_leave, restricts this thread to reading inside the project (base/bounds.h) and the folder of
 * --migrations; no restriction if the operator allows everything. */
void project_enter_bounds(struct arena *arena, const struct project *project, struct bounds *bounds);

/* The same, and cheaper where these are in force already, as around the reading of many files (bounds_enter_again). */
void project_enter_bounds_again(struct arena *arena, const struct project *project, struct bounds *bounds);

#endif
