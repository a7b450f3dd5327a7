/*
 * A cache of file checksums, each valid as long as the file's stamp does not change: repeated statuses over 1,000
 * migrations read each file once. Thread-safe.
 */
#ifndef MIGRATION_LOOK_CHECKSUMS_H
#define MIGRATION_LOOK_CHECKSUMS_H

#include "framework/core/framework.h"

struct checksums;

struct checksums *checksums_new(void);
void checksums_free(struct checksums *checksums);

/* Which checksum is wanted. */
struct checksum_of {
    struct arena *arena;
    const struct folder *folder;
    const struct migration_file *file;
    struct status *status;
};

/* Sets *checksum to the checksum that the framework computes of the migration's file, in the arena; NULL if the
 * framework has no checksums. Fails if the file cannot be read. */
bool checksums_get(struct checksums *checksums, const struct checksum_of *of, const char **checksum);

#endif
