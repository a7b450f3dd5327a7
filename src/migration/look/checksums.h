/*
 * Checksums of files, remembered as long as the file's stamp is the same: a status over 1,000 migrations reads none of
 * them twice. Thread-safe.
 */
#ifndef MIGRATION_LOOK_CHECKSUMS_H
#define MIGRATION_LOOK_CHECKSUMS_H

#include "framework/core/framework.h"

struct checksums;

struct checksums *checksums_new(void);
void checksums_free(struct checksums *checksums);

/* Which one is asked for. */
struct checksum_of {
    struct arena *arena;
    const struct folder *folder;
    const struct migration_file *file;
    struct status *status;
};

/* The checksum of a migration's file as its framework computes it, in the arena; NULL where it keeps none. Fails where
 * the file cannot be read. */
bool checksums_get(struct checksums *checksums, const struct checksum_of *of, const char **checksum);

#endif
