/*
 * What Flyway's configuration says of a folder, and what counts without one. flyway_configure.h reads it.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_SETTINGS_H
#define FRAMEWORK_FLYWAY_FLYWAY_SETTINGS_H

#include "base/words.h"
#include "framework/core/layout.h"
#include "framework/formats/config.h"

/* A folder's settings. */
struct flyway_settings {
    const char *const *locations; /* relative to the project; NULL-terminated */
    const char *prefix;           /* by default "V", "R", "__", ".sql" */
    const char *repeatable_prefix;
    const char *baseline_prefix; /* of migrations with which an empty database begins: "B" */
    const char *separator;
    const char *const *suffixes;
    const char *needs_tool; /* a setting that only Flyway itself can follow; NULL: none */
    const struct config_pair *placeholders;
    size_t placeholder_count;
    const char *placeholder_prefix;
    const char *placeholder_suffix;
    bool replaces;
    bool is_alone;        /* executeInTransaction is false */
    bool is_mixed;        /* mixed */
    bool needs_locations; /* failOnMissingLocations */
    bool validates_names; /* validateMigrationNaming: it stops at a file whose name it cannot read */
    bool validates;       /* validateOnMigrate */
    bool is_out_of_order; /* outOfOrder */
    bool ignores_ignored; /* a late one that it passes over does not stop it: "versioned:ignored" */
    bool ignores_future;  /* a row above the newest file does not stop it: "*:future" */
    bool ignores_missing; /* nor do others without a file: "versioned:missing", "repeatable:missing" */
    bool ignores_missing_repeatable;
    const char *installed_by; /* NULL: the current user */
    bool skips_callbacks;     /* skipDefaultCallbacks */
    struct words notes;       /* what is set and not followed, in sentences */
    const char *version;      /* baselineVersion; NULL: not said */
    const char *baseline;     /* the version of the baseline, if baselineOnMigrate applies; NULL: it does not */
};

/* The settings of a folder without a configuration. */
extern const struct flyway_settings flyway_usual;

/* The folder's settings. */
const struct flyway_settings *flyway_settings_of(const struct folder *folder);

/* Adds a sentence to the notes, unless it is there. Copies of these settings do not get it. */
void flyway_note(struct arena *arena, struct flyway_settings *settings, const char *note);

/* Adds it to those of the folder. */
void flyway_note_folder(struct arena *arena, struct folder *folder, const char *note);

/* Is it one of Java's names of UTF-8? */
bool flyway_is_utf8(const char *encoding);

#endif
