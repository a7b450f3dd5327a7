/*
 * Checksums of a file of any size, in constant memory: what has been applied must never be too large to be compared.
 */
#ifndef FRAMEWORK_CORE_FILE_CHECKSUM_H
#define FRAMEWORK_CORE_FILE_CHECKSUM_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* What of the file goes into it. */
struct file_checksum {
    const char *digest;  /* "SHA256", … */
    const char *before;  /* text in front of the content; NULL: none */
    const char *without; /* bytes that are left out; NULL: none */
};

/* In hexadecimal, in the arena. Fails where the file cannot be read. */
bool file_checksum(struct arena *arena, const struct file_checksum *how, const char *path, const char **checksum,
                   struct status *status);

#endif
