/*
 * Flyway's files: versioned, repeatable, baseline; in several locations.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_FILES_H
#define FRAMEWORK_FLYWAY_FLYWAY_FILES_H

#include "framework/core/layout.h"

bool flyway_recognise(struct arena *arena, struct folder *folder);

bool flyway_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                 struct status *status);

#endif
