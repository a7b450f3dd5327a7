/*
 * Searches git for the version of a migration that was applied: by the tracking table's checksum, computed as the
 * framework does; without a checksum by the time of application, which proves nothing.
 */
#ifndef MIGRATION_PAST_SEARCH_H
#define MIGRATION_PAST_SEARCH_H

#include "migration/look/catalog.h"
#include "migration/past/git.h"

#define PAST_LATER 20 /* commits after the version that are reported */

/* A version that was found. */
struct past_version {
    struct past_commit commit; /* id NULL: none found */
    const char *place;         /* relative to the repository */
    struct text content;       /* of the file, as in git */
    struct text sql;           /* for a migration that is a part of its file: what is sent of it; else data NULL */
    bool has_other_endings;    /* its checksum matches with other line endings */
};

/* The result of a search; its memory is the request's. */
struct past_result {
    struct past_search search;
    struct past_version fit;  /* the version by checksum or time */
    struct past_version last; /* the newest version */
    struct past_commit
        later[PAST_LATER]; /* ancestors of HEAD that changed the file after the version that fits, newest first */
    size_t later_count;
    struct past_commit deleted; /* the commit that removed the file; id NULL: none */
    const char *moved_to;       /* the file's new name; NULL: it was deleted */
    bool has_pointers;          /* git has Git LFS pointers instead of the files */
    const char *unlisted;       /* why a version of the folder could not be read; NULL: all could */
};

/* Searches. Returns false if something failed on our side; if nothing fits, the result says why. */
bool past_search(const struct request *request, const struct catalog *catalog, const struct catalog_item *item,
                 struct past_result *result);

/* Does the file contain several migrations, of which this is one? */
bool past_is_part(const struct migration_files *files, const struct migration_file *file);

/* What is sent of a part of a file; data NULL if that cannot be told. */
struct text past_sql(const struct request *request, const struct folder *folder, const struct migration_file *file);

#endif
