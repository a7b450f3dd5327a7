/*
 * Checksums of files of any size, in constant memory: an applied file must never be too large to be compared.
 */
#ifndef FRAMEWORK_CORE_FILE_CHECKSUM_H
#define FRAMEWORK_CORE_FILE_CHECKSUM_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* What goes into the checksum. */
struct file_checksum {
    const char *digest;  /* "SHA256", … */
    const char *before;  /* text before the content; NULL: none */
    const char *without; /* bytes that are left out; NULL: none */
};

/* Computes it, in hexadecimal, in the arena. Fails if the file cannot be read. */
bool file_checksum(struct arena *arena, const struct file_checksum *how, const char *path, const char **checksum,
                   struct status *status);

#endif
