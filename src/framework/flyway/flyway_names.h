/*
 * Parses the names of Flyway's files.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_NAMES_H
#define FRAMEWORK_FLYWAY_FLYWAY_NAMES_H

#include "framework/core/layout.h"
#include "framework/flyway/flyway_settings.h"

struct flyway_name {
    const char *version;                  /* as written, with dots: "1.10"; NULL: repeatable */
    const char *description;              /* with spaces */
    const char *script;                   /* relative to its location */
    bool is_script;                       /* a shell script or the like: type SCRIPT */
    const struct migration_files *around; /* with the callbacks that run around it; NULL: it is a callback itself */
};

/* Sets name, key, version and own (a struct flyway_name) of a file, given its path in its location (borrowed). Returns
 * false if it is not a migration. */
bool flyway_read_name(struct arena *arena, const struct flyway_settings *settings, const char *script,
                      struct migration_file *file);

/* The suffix of a name if it is a migration's or callback's; NULL: it is not. *is_code: a class. */
const char *flyway_suffix(const struct flyway_settings *settings, const char *name, bool *is_code);

/* The ending of a script of a shell or of Python; "": the name has no ending, which also makes a script; NULL: it is
 * none. */
const char *flyway_script_suffix(const char *name);

/* "add_users" with spaces instead of underscores. */
const char *flyway_description(struct arena *arena, const char *text, size_t size);

/* The key that joins ledger and files: "1.10" without leading zeros and trailing zero parts; "R:description". */
const char *flyway_key(struct arena *arena, const char *version, const char *description);

/* Compares versions part by part; missing parts are 0. */
int flyway_compare_versions(const char *a, const char *b);

#endif
