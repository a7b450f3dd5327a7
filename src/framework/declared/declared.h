/*
 * Frameworks that a project declares itself, in the tables [framework.NAME] of its truss.toml. They have the same facts
 * as compiled-in ones (core/framework.h), but are checked when they are read, because the project's author wrote them:
 * a template may do only what its key is for and use only the declared table, and a folder must be in the project.
 * keys.def lists the keys.
 */
#ifndef FRAMEWORK_DECLARED_DECLARED_H
#define FRAMEWORK_DECLARED_DECLARED_H

#include "framework/core/framework.h"

/* The declared frameworks, then all compiled-in ones; NULL-terminated, in the arena. Fails with INVALID_ARGUMENT, with
 * the file's name and line, if a declaration is invalid. Without a truss.toml: the compiled-in ones. */
bool declared_frameworks(struct arena *arena, const char *root, const struct framework *const **all,
                         struct status *status);

#endif
