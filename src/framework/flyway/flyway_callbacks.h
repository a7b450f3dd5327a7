/*
 * Flyway's SQL callbacks: scripts that `migrate` runs at its places, of its own and around each migration.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_CALLBACKS_H
#define FRAMEWORK_FLYWAY_FLYWAY_CALLBACKS_H

#include "framework/core/layout.h"

/* Takes a file of a location, by its path in it, where it is a callback: into files->around, or as what only its tool
 * runs. False: it is none. */
bool flyway_note_callback(struct arena *arena, const struct folder *place, const char *script,
                          struct migration_files *files);

/* Behind the last of them: puts them in order and around the migrations, and says so. */
void flyway_place_callbacks(struct arena *arena, const struct folder *folder, struct migration_files *files);

/* Puts the script of a migration between the callbacks that stand around each. */
bool flyway_wrap(const struct script_request *request);

#endif
