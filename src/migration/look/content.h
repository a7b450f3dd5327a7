/*
 * Reads a migration's file, checks it, and makes of it what is sent, as its framework does.
 */
#ifndef MIGRATION_LOOK_CONTENT_H
#define MIGRATION_LOOK_CONTENT_H

#include "framework/core/framework.h"

/* Reads the file into the arena; for a part of a file only [start, end), with the rest blanked. Fails with
 * FAILED_PRECONDITION and REASON_MIGRATION_TOO_LARGE if the file has more than `limit` bytes. */
bool migration_content(struct arena *arena, const struct migration_file *file, size_t limit, struct text *content,
                       struct status *status);

/* Where a migration is; all borrowed. */
struct migration_place {
    const struct project *project;
    const struct folder *folder;
    const struct migration_file *file;
};

/* A migration that is ready to be planned and sent. */
struct loaded {
    struct text content;            /* its checksum is computed from this */
    struct migration_script script; /* what is sent */
};

/* Reads a migration. The script of a program is its text. Fails with FAILED_PRECONDITION if the file is outside both
 * the project and --migrations, if it is not UTF-8 or contains a NUL byte (with the line), or if the framework cannot
 * make SQL of it. */
bool migration_load(struct arena *arena, const struct migration_place *place, struct loaded *loaded,
                    struct status *status);

/* A digest of what is sent, as lower-case hex. The digest at the run must be that at the plan. */
const char *loaded_hash(struct arena *arena, const struct loaded *loaded);

#endif
