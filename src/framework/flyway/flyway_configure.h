/*
 * Reads Flyway's configuration: its own files, those of frameworks that embed it, and the environment.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_CONFIGURE_H
#define FRAMEWORK_FLYWAY_FLYWAY_CONFIGURE_H

#include "framework/core/layout.h"
#include "framework/flyway/flyway_source.h"

/* Reads the Flyway configuration of project and environment into folder: settings, habits, ledger, path, evidence, or
 * why the user must be asked. Returns false if there is none. */
bool flyway_configure(struct arena *arena, struct folder *folder);

/* Adds what a source says to the settings of the folder: all but locations, table and schema. source->name is for
 * people. */
void flyway_settings_add(struct arena *arena, struct folder *folder, struct text content,
                         const struct flyway_source *source);

#endif
