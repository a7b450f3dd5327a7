/*
 * Flyway's configuration and files: versioned, repeatable, baseline; several locations; placeholders.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_FILES_H
#define FRAMEWORK_FLYWAY_FLYWAY_FILES_H

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
};

/* Those of a folder without a configuration. */
extern const struct flyway_settings flyway_usual;

/* Where a location on the classpath is. */
#define FLYWAY_RESOURCES "src/main/resources/"

/* What a file's name says. */
struct flyway_name {
    const char *version;                  /* as written, with dots: "1.10"; NULL: repeatable */
    const char *description;              /* with spaces */
    const char *script;                   /* relative to its location */
    const struct migration_files *around; /* with the callbacks that stand around it; NULL: it is one itself */
};

/* Those of the folder. */
const struct flyway_settings *flyway_settings_of(const struct folder *folder);

/* The end of a name that is a migration's, or a callback's; NULL: it is none. *is_code: a class's. */
const char *flyway_suffix(const struct flyway_settings *settings, const char *name, bool *is_code);

/* "add_users" with spaces. */
const char *flyway_description(struct arena *arena, const char *text, size_t size);

bool flyway_configure(struct arena *arena, struct folder *folder);
bool flyway_recognise(struct arena *arena, struct folder *folder);

bool flyway_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                 struct status *status);

/* What ledger and files are joined by: "1.10" without leading zeros and zeros at the end; "R:description". */
const char *flyway_key(struct arena *arena, const char *version, const char *description);

/* Compares versions part by part, missing ones being 0. */
int flyway_compare_versions(const char *a, const char *b);

/* Sets request->script->sql: the content with its placeholders replaced; project NULL: without those that the
 * connection tells. */
bool flyway_fill(const struct script_request *request);

#endif
