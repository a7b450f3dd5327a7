/*
 * Listing a folder: what most frameworks have in common is files whose names begin with a number.
 */
#ifndef FRAMEWORK_CORE_LISTING_H
#define FRAMEWORK_CORE_LISTING_H

#include "framework/core/framework.h"

struct listing_rule {
    /* Is this entry a migration? name is its file name, or below a folder that is searched recursively its path in it.
     * True: fills what it knows of *file (name, key, version, is_code, …); filename, path and stamp are set already,
     * and name is the file's. A text in *warning is told to a person, whatever the answer. NULL: each entry is one. */
    bool (*accept)(struct arena *arena, const char *name, struct migration_file *file, const char **warning);

    /* The same for one that knows the folder; counts where it is set. */
    bool (*take)(struct arena *arena, const struct folder *folder, struct migration_file *file, const char **warning);

    /* The order; NULL: by the bytes of the names. Equal ones stay as their names sort. */
    int (*compare)(const struct migration_file *a, const struct migration_file *b);
    bool recursive;
    bool directories; /* entries are directories, each with `script` in it; one without is `missing` */
    const char *script;

    /* The tool whose own listing passes over directories that are symbolic links: they are left out with a warning.
     * NULL: it follows them. */
    const char *without_links;
};

/* Lists folder->path by the rule. A folder that does not exist is empty. Names that are not UTF-8 or have control
 * characters are left out with a warning. */
bool listing_read(struct arena *arena, const struct folder *folder, const struct listing_rule *rule,
                  struct migration_files *files, struct status *status);

/* Sorts what came from several folders. */
void listing_sort(struct arena *arena, const struct listing_rule *rule, struct migration_files *files);

/* Can this name of a file be recorded in a ledger and be told in an answer? Both are UTF-8. */
bool name_is_recordable(const char *name);

/* Appends. */
struct migration_file *listing_add(struct arena *arena, struct migration_files *files);
void listing_warn(struct arena *arena, struct migration_files *files, const char *warning);

/* Compares by version, as numbers of any length; then by name. */
int listing_by_version(const struct migration_file *a, const struct migration_file *b);
int listing_by_name(const struct migration_file *a, const struct migration_file *b);

/* Compares two runs of digits as numbers; leading zeros do not count. */
int number_compare(struct text a, struct text b);

/* The digits that a text begins with. */
struct text leading_digits(struct text name);

/* Warns of every version that two files have. The second one's name stays; both are listed. */
void listing_warn_duplicates(struct arena *arena, struct migration_files *files);

/* ---- names of new migrations ---- */

/* "add_users" of "Add users!": lower case, runs of anything else are `separator`. INVALID_ARGUMENT where nothing is
 * left.
 */
const char *name_slug(struct arena *arena, const char *name, char separator, struct status *status);

/* strftime in UTC. */
const char *name_time(struct arena *arena, const char *format, int64_t wall_us) __attribute__((format(strftime, 2, 0)));

#endif
