/*
 * The memory that the process's control group may use, which a container's limit and systemd's MemoryMax are, and what
 * the group uses: also the other processes in it. Both versions of control groups.
 */
#ifndef BASE_MEMORY_GROUP_H
#define BASE_MEMORY_GROUP_H

#include <stddef.h>

struct memory_group {
    size_t limit; /* SIZE_MAX: none */
    int stat;     /* memory.stat of the group that has it, open because a sandbox may hide it; -1: none */
};

/* Finds the strictest limit of the process's group and those above it. membership: as /proc/self/cgroup; root: where
 * control groups are mounted (/sys/fs/cgroup). */
struct memory_group memory_group_find(const char *membership, const char *root);

/* What the group has in memory at this moment that the kernel cannot take back: what its processes have made, and files
 * that are in memory alone (cgroup-v2.rst, memory.stat). 0 if that is not known. Takes about 0.1 ms. */
size_t memory_group_used(const struct memory_group *group);

void memory_group_close(struct memory_group *group);

#endif
