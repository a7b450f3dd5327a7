/*
 * The file systems that can leave whoever looks into them waiting for ever: those of a network, and those that a
 * program serves (FUSE). From /proc/self/mountinfo (proc_pid_mountinfo(5)).
 */
#ifndef BASE_MOUNTS_H
#define BASE_MOUNTS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct mount_point {
    const char *at;     /* its directory, absolute */
    const char *type;   /* "nfs4", "fuse.sshfs" */
    const char *source; /* "files.example:/srv"; what it says itself */
};

struct mounts {
    const struct mount_point *items; /* in the order in which they were mounted */
    size_t count;
};

/* Can this process reach any such file system? Costs a system call as long as nothing is mounted or unmounted. True
 * also if that cannot be known. */
bool mounts_may_hang(void);

/* Lists them; none if that cannot be known. */
void mounts_read(struct arena *arena, struct mounts *mounts);

/* The one that an absolute path is in, by its name; NULL: none of them. */
const struct mount_point *mounts_of(const struct mounts *mounts, const char *path);

#endif
