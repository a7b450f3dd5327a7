/*
 * A migration's file and what of it is sent: read, checked, cut and filled in by its framework.
 */
#ifndef MIGRATION_LOOK_CONTENT_H
#define MIGRATION_LOOK_CONTENT_H

#include "framework/core/framework.h"

/* The file's bytes in the arena; of a part of a file [start, end), with the rest blanked. FAILED_PRECONDITION with
 * REASON_MIGRATION_TOO_LARGE where the file has more than `limit` bytes. */
bool migration_content(struct arena *arena, const struct migration_file *file, size_t limit, struct text *content,
                       struct status *status);

/* Where a migration is; borrowed. */
struct migration_place {
    const struct project *project;
    const struct folder *folder;
    const struct migration_file *file;
};

/* A migration that is ready to be planned and sent. */
struct loaded {
    struct text content;            /* what its checksum is made of */
    struct migration_script script; /* what is sent */
};

/* Reads it. Of a program the script is its text. Fails with FAILED_PRECONDITION where it is outside of the
 * project and of --migrations, where it is not UTF-8 or has a NUL byte, saying in which line, and where the framework
 * cannot make SQL of it. */
bool migration_load(struct arena *arena, const struct migration_place *place, struct loaded *loaded,
                    struct status *status);

/* A digest of what is sent, as lower-case hex: it must be the same when it runs as when it was planned. */
const char *loaded_hash(struct arena *arena, const struct loaded *loaded);

#endif
