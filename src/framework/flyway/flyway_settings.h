/*
 * Flyway's configuration: its files, those of the frameworks that embed it, and what is usual without one.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_SETTINGS_H
#define FRAMEWORK_FLYWAY_FLYWAY_SETTINGS_H

#include "framework/core/layout.h"
#include "framework/formats/config.h"

/* A folder's settings. */
struct flyway_settings {
    const char *const *locations; /* relative to the project; NULL-terminated */
    const char *prefix;           /* "V", "R", "__", ".sql" unless configured */
    const char *repeatable_prefix;
    const char *separator;
    const char *const *suffixes;
    const char *needs_tool; /* a setting that only its tool can follow; NULL: none */
    const struct config_pair *placeholders;
    size_t placeholder_count;
    const char *placeholder_prefix;
    const char *placeholder_suffix;
    bool replaces;
    const char *installed_by; /* NULL: who runs */
    bool skips_callbacks;     /* skipDefaultCallbacks */
    const char *baseline;     /* baselineVersion, where baselineOnMigrate says that it counts; NULL: it does not */
};

/* Those of a folder without a configuration. */
extern const struct flyway_settings flyway_usual;

/* Where a location on the classpath is. */
#define FLYWAY_RESOURCES "src/main/resources/"

/* Those of the folder. */
const struct flyway_settings *flyway_settings_of(const struct folder *folder);

/* Reads what project and environment say of Flyway into folder: settings, habits, ledger, path, evidence, or why that
 * is a question. False where nothing speaks of it. */
bool flyway_configure(struct arena *arena, struct folder *folder);

#endif
