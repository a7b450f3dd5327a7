/*
 * Looks at the files of a directory with two threads (base/file_looks.h); the rest is little.
 */
#include "base/file_looks.h"
#include "base/file_trace_private.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool trace_is_nothing(const char *path)
{
    struct stat info;
    return lstat(path, &info) != 0 && errno == ENOENT;
}

/* ---- comparing ---- */

static bool are_equal_groups(const struct group *a, const struct group *b)
{
    bool are = string_equal(a->directory, b->directory) && a->count == b->count;
    for (size_t i = 0; are && i < a->count; i++) {
        are = strcmp(a->names[i], b->names[i]) == 0 && file_seen_equal(&a->seen[i], &b->seen[i]);
    }
    return are;
}

static bool are_equal_contents(const struct content *a, const struct content *b)
{
    return strcmp(a->path, b->path) == 0 && a->size == b->size && a->most == b->most &&
           memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

bool file_trace_equal(const struct file_trace *a, const struct file_trace *b)
{
    bool are = a->group_count == b->group_count && a->real_count == b->real_count && a->gone_count == b->gone_count &&
               a->content_count == b->content_count;
    for (size_t i = 0; are && i < a->group_count; i++) {
        are = are_equal_groups(&a->groups[i], &b->groups[i]);
    }
    for (size_t i = 0; are && i < a->real_count; i++) {
        are = string_equal(a->reals[i].path, b->reals[i].path) && string_equal(a->reals[i].real, b->reals[i].real);
    }
    for (size_t i = 0; are && i < a->gone_count; i++) {
        are = strcmp(a->gone[i], b->gone[i]) == 0;
    }
    for (size_t i = 0; are && i < a->content_count; i++) {
        are = are_equal_contents(&a->contents[i], &b->contents[i]);
    }
    return are;
}

/* ---- looking again ---- */

static bool looks_the_same(const struct group *group)
{
    const int directory =
        group->directory == NULL ? AT_FDCWD : open(group->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct file_seen *const seen = memory_alloc((group->count + 1) * sizeof *seen);
    bool is = directory != -1;
    if (is) {
        files_see(directory, group->names, group->count, seen);
    }
    for (size_t i = 0; is && i < group->count; i++) {
        is = file_seen_equal(&seen[i], &group->seen[i]);
    }
    free(seen);
    if (directory >= 0) {
        close(directory);
    }
    return is;
}

static bool leads_to_the_same(const struct real *real)
{
    char now[PATH_MAX];
    return real->real == NULL ? readlink(real->path, now, 1) < 0 && errno == EINVAL
                              : realpath(real->path, now) != NULL && strcmp(now, real->real) == 0;
}

/* Reads as much as before and one byte more. */
bool trace_reads_the_same(const struct content *content)
{
    const size_t room = content->size + (content->size < content->most ? 1 : 0);
    char *const bytes = memory_alloc(room + 1);
    unsigned char digest[SHA256_SIZE];
    const int fd = open(content->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t size = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && size < room) {
        got = read(fd, bytes + size, room - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    sha256_text((struct text){bytes, size}, digest);
    free(bytes);
    return got >= 0 && size == content->size && memcmp(digest, content->digest, sizeof digest) == 0;
}

bool file_trace_holds(const struct file_trace *trace)
{
    bool holds = true;
    for (size_t i = 0; holds && i < trace->group_count; i++) {
        holds = trace->groups[i].count == 0 || looks_the_same(&trace->groups[i]);
    }
    for (size_t i = 0; holds && i < trace->real_count; i++) {
        holds = leads_to_the_same(&trace->reals[i]);
    }
    for (size_t i = 0; holds && i < trace->gone_count; i++) {
        holds = trace_is_nothing(trace->gone[i]);
    }
    for (size_t i = 0; holds && i < trace->content_count; i++) {
        holds = trace_reads_the_same(&trace->contents[i]);
    }
    return holds;
}
