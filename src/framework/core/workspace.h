/*
 * Which directories of a project are packages: those in its workspace files, then those in the usual parents.
 */
#ifndef FRAMEWORK_CORE_WORKSPACE_H
#define FRAMEWORK_CORE_WORKSPACE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Directories relative to the project, each once. */
struct workspace {
    const char **packages;
    size_t count;
    size_t capacity;
};

/* Finds them. has_own: the project itself has a folder of migrations; then other directories are not searched, which
 * would take time at each status and hardly ever finds one. */
void workspace_find(struct arena *arena, const char *root, bool has_own, struct workspace *workspace);

#endif
