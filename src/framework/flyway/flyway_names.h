/*
 * What the names of Flyway's files say.
 */
#ifndef FRAMEWORK_FLYWAY_FLYWAY_NAMES_H
#define FRAMEWORK_FLYWAY_FLYWAY_NAMES_H

#include "framework/core/layout.h"
#include "framework/flyway/flyway_settings.h"

struct flyway_name {
    const char *version;                  /* as written, with dots: "1.10"; NULL: repeatable */
    const char *description;              /* with spaces */
    const char *script;                   /* relative to its location */
    const struct migration_files *around; /* with the callbacks that stand around it; NULL: it is one itself */
};

/* Sets name, key, version and own (a struct flyway_name) of a file by its path in its location, which is borrowed;
 * false where it is no migration. */
bool flyway_read_name(struct arena *arena, const struct flyway_settings *settings, const char *script,
                      struct migration_file *file);

/* The end of a name that is a migration's, or a callback's; NULL: it is none. *is_code: a class's. */
const char *flyway_suffix(const struct flyway_settings *settings, const char *name, bool *is_code);

/* "add_users" with spaces. */
const char *flyway_description(struct arena *arena, const char *text, size_t size);

/* What ledger and files are joined by: "1.10" without leading zeros and zeros at the end; "R:description". */
const char *flyway_key(struct arena *arena, const char *version, const char *description);

/* Compares versions part by part, missing ones being 0. */
int flyway_compare_versions(const char *a, const char *b);

#endif
