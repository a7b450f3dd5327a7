/*
 * In a container the path of a group may be the host's, of which nothing is mounted but the container's own group, at
 * the root (version 1, without a namespace of its own). So every folder up to the root is looked into.
 */
#include "base/memory_group.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_BYTES 8192 /* a memory.stat has 1 to 4 kB */

static const struct version {
    const char *folder; /* under the root */
    const char *limit;
} versions[] = {{"", "memory.max"}, {"/memory", "memory.limit_in_bytes"}};

/* Of memory.stat, with the groups below; "total_…" is version 1. */
static const char *const kept[] = {"anon", "shmem", "total_rss", "total_shmem"};

/* What a small file says, NUL-terminated; "" if it cannot be read. */
static void read_start(int file, char *out, size_t size)
{
    const ssize_t got = file < 0 ? -1 : pread(file, out, size - 1, 0);
    out[got < 0 ? 0 : got] = '\0';
}

static int open_in(const char *folder, const char *name)
{
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* "max" is 0, and version 1 has nearly 2^63 for it. */
static size_t limit_in(const char *folder, const struct version *version)
{
    char word[32];
    const int file = open_in(folder, version->limit);
    read_start(file, word, sizeof word);
    if (file >= 0) {
        close(file);
    }
    const unsigned long long limit = strtoull(word, NULL, 10);
    return limit == 0 || limit > (1ULL << 62) ? SIZE_MAX : (size_t)limit;
}

/* Looks into the folder of this path and those above it, to the root of the version. */
static void look_up(const struct version *version, const char *root, char *path, struct memory_group *group)
{
    char folder[PATH_MAX];
    bool is_root = false;
    while (!is_root) {
        char *const end = strrchr(path, '/');
        is_root = end == NULL || path[1] == '\0';
        snprintf(folder, sizeof folder, "%s%s%s", root, version->folder, is_root ? "" : path);
        const size_t limit = limit_in(folder, version);
        if (limit < group->limit) {
            memory_group_close(group);
            *group = (struct memory_group){limit, open_in(folder, "memory.stat")};
        }
        if (end != NULL) {
            end[end == path ? 1 : 0] = '\0';
        }
    }
}

/* Does a line's list of controllers, "cpu,memory", have memory? */
static bool has_memory(const char *list, size_t size)
{
    static const char name[] = "memory";
    for (size_t at = 0; at < size; at += strcspn(list + at, ",:") + 1) {
        if (strcspn(list + at, ",:") == sizeof name - 1 && memcmp(list + at, name, sizeof name - 1) == 0) {
            return true;
        }
    }
    return false;
}

struct memory_group memory_group_find(const char *membership, const char *root)
{
    struct memory_group group = {SIZE_MAX, -1};
    char lines[PATH_MAX];
    char *rest = NULL;
    const int file = open(membership, O_RDONLY | O_CLOEXEC);
    read_start(file, lines, sizeof lines);
    if (file >= 0) {
        close(file);
    }
    /* "9:cpu,memory:/path", or "0::/path" in version 2 */
    for (char *line = strtok_r(lines, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *const list = line + strcspn(line, ":") + (strchr(line, ':') != NULL ? 1 : 0);
        char *const path = strchr(list, ':');
        if (path == NULL || path[1] != '/') {
            continue;
        }
        const bool is_second = strncmp(line, "0::", 3) == 0;
        if (is_second || has_memory(list, (size_t)(path - list))) {
            look_up(&versions[is_second ? 0 : 1], root, path + 1, &group);
        }
    }
    return group;
}

static bool is_kept(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (strlen(kept[i]) == size && memcmp(name, kept[i], size) == 0) {
            return true;
        }
    }
    return false;
}

/* Version 1 has "rss" and "shmem" too, without the groups below. */
size_t memory_group_used(const struct memory_group *group)
{
    char stat[STAT_BYTES];
    size_t used = 0;
    read_start(group->stat, stat, sizeof stat);
    const bool is_first = strstr(stat, "total_rss") != NULL;
    for (const char *line = stat; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n' ? 1 : 0) {
        const size_t size = strcspn(line, " \n");
        const bool is_below = strncmp(line, "total_", 6) == 0;
        used += is_below == is_first && is_kept(line, size) ? strtoull(line + size, NULL, 10) : 0;
    }
    return used;
}

void memory_group_close(struct memory_group *group)
{
    if (group->stat >= 0) {
        close(group->stat);
    }
    *group = (struct memory_group){SIZE_MAX, -1};
}
