/*
 * Flyway's SQL callbacks: scripts that `migrate` runs at certain moments, also around each migration.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_CALLBACKS_H
#define FRAMEWORK_FLYWAY_FLYWAY_CALLBACKS_H

#include "framework/core/layout.h"

/* If a file of a location (given by its path in it) is a callback, stores it in files->around, or notes that only
 * Flyway can run it. Returns false if it is no callback. */
bool flyway_note_callback(struct arena *arena, const struct folder *place, const char *script,
                          struct migration_files *files);

/* Call it after all files: orders the callbacks, assigns them to the migrations, and reports them. */
void flyway_place_callbacks(struct arena *arena, const struct folder *folder, struct migration_files *files);

/* Puts a migration's script between the callbacks that run around each migration. */
bool flyway_wrap(const struct script_request *request);

/* Notes something that only flyway itself can run, a clause about a file: nothing in the folder is run without it. */
void flyway_leave_to_tool(struct arena *arena, struct migration_files *files, const char *what);

#endif
