/*
 * The version of a migration that was applied, looked for in git: by the tracking table's checksum where there is one,
 * as its framework makes it; else by the time at which it was applied, which proves nothing.
 */
#ifndef MIGRATION_PAST_SEARCH_H
#define MIGRATION_PAST_SEARCH_H

#include "migration/look/catalog.h"
#include "migration/past/git.h"

#define PAST_LATER 20 /* commits behind the version that are told */

/* A version that was found. */
struct past_version {
    struct past_commit commit; /* id NULL: none */
    const char *place;         /* relative to the repository */
    struct text content;       /* of the file, as git has it */
    struct text sql;           /* of a migration that is a part of its file, what is sent of it; else data NULL */
    bool has_other_endings;    /* its checksum fits with other line endings */
};

/* What came of a search; its memory is the request's. */
struct past_result {
    struct past_search search;
    struct past_version fit;  /* the one that the checksum or the time says */
    struct past_version last; /* the newest of all */
    struct past_commit
        later[PAST_LATER]; /* of HEAD, behind the one that fits: those that changed it, the newest first */
    size_t later_count;
    struct past_commit deleted; /* took the file away; id NULL: none did */
    const char *moved_to;       /* where it went then; NULL: it is gone */
    bool has_pointers;          /* git has pointers of Git LFS instead of the files */
    const char *unlisted;       /* why a version of the folder could not be read; NULL: all could */
};

/* Looks for it. False where something failed on our side; why nothing fits is in the result. */
bool past_search(const struct request *request, const struct catalog *catalog, const struct catalog_item *item,
                 struct past_result *result);

/* Is this migration one of several of its file? */
bool past_is_part(const struct migration_files *files, const struct migration_file *file);

/* What is sent of a part of a file; data NULL where that cannot be told. */
struct text past_sql(const struct request *request, const struct folder *folder, const struct migration_file *file);

#endif
