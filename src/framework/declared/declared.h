/*
 * Frameworks that a project declares itself: the tables [framework.NAME] of its truss.toml. The same facts as those of
 * a framework that is compiled in (core/framework.h), checked when they are read, because whoever wrote the project has
 * written them: a template does what its key is for and touches the declared table alone, and a folder is in the
 * project. keys.def lists the keys.
 */
#ifndef FRAMEWORK_DECLARED_DECLARED_H
#define FRAMEWORK_DECLARED_DECLARED_H

#include "framework/core/framework.h"

/* What the project declares, then all that are compiled in; NULL-terminated, in the arena. False and INVALID_ARGUMENT,
 * with the file's name and line, where truss.toml says what cannot be. Without a truss.toml: those that are compiled
 * in. */
bool declared_frameworks(struct arena *arena, const char *root, const struct framework *const **all,
                         struct status *status);

#endif
