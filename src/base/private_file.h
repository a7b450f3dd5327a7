/*
 * Files that hold secrets, or what is checked by them: read only where nobody else can read or write them, and replaced
 * in one step, so that who reads one never sees half of it.
 */
#ifndef BASE_PRIVATE_FILE_H
#define BASE_PRIVATE_FILE_H

#include "base/files.h"

struct private_file {
    struct text content;
    struct file_stamp stamp; /* of the file that was read */
};

/* Reads a regular file whole, NUL-terminated behind its size. FAILED_PRECONDITION where others than its owner may read
 * or write it (mode 0600; 0640 where root owns it and we are in its group, as Kubernetes mounts a secret), where
 * somebody else owns it, or where it is larger than limit. */
bool private_file_read(struct arena *arena, const char *path, size_t limit, struct private_file *file,
                       struct status *status);

/* The same of a file that is no secret, and that we do what it says: others may read it, but FAILED_PRECONDITION where
 * they could write it (mode 0644, owned by us or by root). */
bool trusted_file_read(struct arena *arena, const char *path, size_t limit, struct private_file *file,
                       struct status *status);

/* Replaces the file, or makes it, with mode 0600; on disk when it returns. */
bool private_file_write(struct arena *arena, const char *path, struct text content, struct status *status);

/* Waits for its turn among those who change the file, by a lock file beside it. The lock, for private_file_unlock; -1
 * and a status where there is none to be had. */
int private_file_lock(struct arena *arena, const char *path, struct status *status);
void private_file_unlock(int lock);

#endif
