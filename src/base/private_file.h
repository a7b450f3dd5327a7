/*
 * Files with secrets, or with what secrets are checked against: read only if nobody else can read or write them, and
 * replaced atomically.
 */
#ifndef BASE_PRIVATE_FILE_H
#define BASE_PRIVATE_FILE_H

#include "base/files.h"

struct private_file {
    struct text content;
    struct file_stamp stamp; /* of the file that was read */
};

/* Reads a regular file as a whole, with a NUL after its content. FAILED_PRECONDITION if others than its owner may read
 * or write it (mode 0600; or 0640, owned by root with our group, as Kubernetes mounts secrets), if somebody else owns
 * it, or if it exceeds the limit. */
bool private_file_read(struct arena *arena, const char *path, size_t limit, struct private_file *file,
                       struct status *status);

/* The same for a file that is not secret but that we obey: others may read it; FAILED_PRECONDITION if they may write it
 * (mode 0644, owned by us or by root). */
bool trusted_file_read(struct arena *arena, const char *path, size_t limit, struct private_file *file,
                       struct status *status);

/* Creates or replaces the file durably, with mode 0600. */
bool private_file_write(struct arena *arena, const char *path, struct text content, struct status *status);

/* Waits for an exclusive lock on a lock file beside it, among those that change the file. Returns the lock, for
 * private_file_unlock; -1 with a status on failure. */
int private_file_lock(struct arena *arena, const char *path, struct status *status);
void private_file_unlock(int lock);

#endif
