/*
 * Lists a folder. In most frameworks migrations are files whose names begin with a number.
 */
#ifndef FRAMEWORK_CORE_LISTING_H
#define FRAMEWORK_CORE_LISTING_H

#include "framework/core/framework.h"

struct listing_rule {
    /* Is this entry a migration? name is its file name, or, if the folder is searched recursively, its path in the
     * folder. If it returns true it has filled what it knows of *file (name, key, version, is_code, …); filename, path
     * and stamp are already set, and name is the file's. A text in *warning is reported in either case. NULL: every
     * entry is one. */
    bool (*accept)(struct arena *arena, const char *name, struct migration_file *file, const char **warning);

    /* The same with the folder; used if it is set. */
    bool (*take)(struct arena *arena, const struct folder *folder, struct migration_file *file, const char **warning);

    /* Would a file with this name be a migration? Asked about names that cannot be recorded. NULL: accept or take say
     * it. */
    bool (*counts)(struct arena *arena, const struct folder *folder, const char *name);

    /* The order; NULL: by the bytes of the names. Equal ones are ordered by name. */
    int (*compare)(const struct migration_file *a, const struct migration_file *b);
    bool recursive;
    bool directories; /* entries are directories, each with `script` in it; without it they are `missing` */
    const char *script;

    /* The name of a tool whose own listing ignores directories that are symbolic links: they are left out with a
     * warning. NULL: it follows them. */
    const char *without_links;

    /* Directories whose names begin with a dot are not searched. */
    bool without_hidden;
};

/* Lists folder->path by the rule. A folder that does not exist is empty. Names that are not UTF-8 or contain control
 * characters are left out with a warning. */
bool listing_read(struct arena *arena, const struct folder *folder, const struct listing_rule *rule,
                  struct migration_files *files, struct status *status);

/* Takes over what another listing found besides files: its warnings, and why no states are known. */
void listing_take_notes(struct arena *arena, struct migration_files *files, const struct migration_files *others);

/* Sorts the files of several folders. */
void listing_sort(struct arena *arena, const struct listing_rule *rule, struct migration_files *files);

/* Can this file name be recorded in a ledger and shown in an answer? Both need UTF-8 without control characters. */
bool name_is_recordable(const char *name);

/* Append a file; append a warning. */
struct migration_file *listing_add(struct arena *arena, struct migration_files *files);
void listing_warn(struct arena *arena, struct migration_files *files, const char *warning);

/* By version, as numbers of any length; then by name. */
int listing_by_version(const struct migration_file *a, const struct migration_file *b);
int listing_by_name(const struct migration_file *a, const struct migration_file *b);

/* The digits of a number without leading zeros: "7" of "007", "0" of "000". */
struct text number_plain(struct text number);

/* Compares two strings of digits as numbers; none are 0. A "-" may stand before them. */
int number_compare(struct text a, struct text b);

/* The digits at the beginning of a text. */
struct text leading_digits(struct text name);

/* Warns about every version that two files have. Both are listed. */
void listing_warn_duplicates(struct arena *arena, struct migration_files *files);

/* ---- names of new migrations ---- */

/* "add_users" for "Add users!": lower case, with everything else replaced by `separator`. INVALID_ARGUMENT if nothing
 * is left. */
const char *name_slug(struct arena *arena, const char *name, char separator, struct status *status);

/* strftime in UTC. */
const char *name_time(struct arena *arena, const char *format, int64_t wall_us) __attribute__((format(strftime, 2, 0)));

#endif
