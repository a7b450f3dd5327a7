/*
 * The name of an open file in /proc contains no links: one system call for each opened file. Which link it was is only
 * searched if there is something to report.
 */
#include "base/bounds.h"

#include "base/file_trace.h"
#include "base/paths.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Per thread: a request's files are read by the thread that handles it. */
static _Thread_local struct bounds *in_force;

#define MOST_SHOWN 300 /* bytes of a path in a message */

#define ADVICE                                                                                                         \
    "; it was not read. Move it into the project, or allow it where it is: --allow-outside "                           \
    "(TRUSS_ALLOW_OUTSIDE)"

static const char *plain(struct arena *arena, const char *path)
{
    return text_plain(arena, path, MOST_SHOWN);
}

/* realpath(3), noted. Free the result. */
static char *real_of(const char *path)
{
    char *const real = realpath(path, NULL);
    file_trace_real(path, real, errno);
    return real;
}

char *bounds_shared(const char *root)
{
    static const char releases[] = "/releases/";
    char path[PATH_MAX];
    const char *last = NULL;
    for (const char *at = root == NULL ? NULL : strstr(root, releases); at != NULL; at = strstr(at + 1, releases)) {
        last = at;
    }
    if (last == NULL || last[sizeof releases - 1] == '\0' ||
        snprintf(path, sizeof path, "%.*s/shared", (int)(last - root), root) >= (int)sizeof path) {
        return NULL;
    }
    return real_of(path);
}

void bounds_enter(struct bounds *bounds)
{
    bounds->note = NULL;
    errno = 0;
    bounds->real[0] = bounds->root == NULL ? NULL : real_of(bounds->root);
    bounds->error = bounds->real[0] != NULL || errno == ENOENT || errno == ENOTDIR ? 0 : errno;
    bounds->real[1] = bounds->also == NULL ? NULL : real_of(bounds->also);
    bounds->real[2] = bounds_shared(bounds->real[0]);
    bounds->is_part = false;
    bounds->outer = in_force;
    in_force = bounds;
}

void bounds_enter_part(struct bounds *part, struct arena *arena)
{
    *part = in_force == NULL ? (struct bounds){0} : *in_force; /* the real paths are already known */
    part->arena = arena;
    part->note = NULL;
    part->is_part = true;
    part->outer = in_force;
    in_force = part;
}

void bounds_enter_again(struct bounds *bounds)
{
    if (in_force != NULL && string_equal(in_force->root, bounds->root) && string_equal(in_force->also, bounds->also)) {
        bounds_enter_part(bounds, bounds->arena);
    } else {
        bounds_enter(bounds);
    }
}

static bool is_held(const struct bounds *bounds)
{
    return bounds != NULL && bounds->root != NULL;
}

/* A project that does not exist, or cannot be examined, contains nothing. */
static bool is_within(const struct bounds *bounds, const char *real)
{
    bool is_within = false;
    for (size_t i = 0; i < sizeof bounds->real / sizeof bounds->real[0]; i++) {
        is_within = is_within || (bounds->real[i] != NULL && path_is_within(bounds->real[i], real));
    }
    return is_within;
}

/* Why nothing of the project may be used: it cannot be examined, or it is not the same one as at bounds_enter, as when
 * a deployment turns a link to the next release. NULL: it is unchanged. */
static const char *words_of_root(const struct bounds *bounds, struct arena *arena)
{
    const char *const name = plain(arena, bounds->root);
    if (bounds->error != 0) {
        file_trace_doubt();
        return arena_printf(arena, "The project %s cannot be looked at (%s); nothing of it was read", name,
                            strerror(bounds->error));
    }
    char now[PATH_MAX];
    const bool is_there = realpath(bounds->root, now) != NULL;
    file_trace_real(bounds->root, is_there ? now : NULL, errno);
    const char *const before = bounds->real[0];
    /* If it is another one now, that contradicts what was noted before. */
    const bool is_same = is_there ? before != NULL && strcmp(before, now) == 0 : before == NULL;
    return is_same
               ? NULL
               : arena_printf(arena, "The project %s was changed while it was read: it was %s and is %s now. Try again",
                              name, before == NULL ? "not there" : plain(arena, before),
                              is_there ? plain(arena, now) : "not there");
}

bool bounds_is_settings(const char *path)
{
    static const char start[] = ".env";
    const char *const name = path_name(path);
    const char *const behind = strncmp(name, start, strlen(start)) == 0 ? name + strlen(start) : "-";
    return strncmp(path, ".git/", 5) == 0 || strstr(path, "/.git/") != NULL || behind[0] == '\0' || behind[0] == '.' ||
           strcmp(behind, "rc") == 0;
}

/* Is it a link, of another name, to a file of settings? What leads to the project says nothing. */
static bool is_disguised(const struct bounds *bounds, const char *path, const char *real)
{
    const char *const root = bounds->real[0];
    const size_t size = root == NULL ? 0 : strlen(root);
    const bool is_below = size > 1 && strncmp(real, root, size) == 0 && real[size] == '/';
    return bounds_is_settings(is_below ? real + size + 1 : real) && !bounds_is_settings(path);
}

/* The rest of a path after the project; NULL: it is not in the project. */
static const char *in_project(const struct bounds *bounds, const char *path)
{
    const char *const root = bounds->root;
    size_t size = strlen(root);
    while (size > 1 && root[size - 1] == '/') {
        size--;
    }
    const bool is_here = strcmp(root, ".") == 0 && path[0] != '/';
    const bool is_below_root = strncmp(path, root, size) == 0 && path[size] == '/';
    const char *inside = is_here ? path : is_below_root ? path + size + 1 : NULL;
    while (inside != NULL && inside[0] == '.' && inside[1] == '/') {
        inside += strspn(inside + 1, "/") + 1;
    }
    return inside;
}

/* The first part of the path, inside the project, that is a link leading out or nowhere; NULL: none. */
static const char *find_link(const struct bounds *bounds, struct arena *arena, const char *path)
{
    const char *const inside = in_project(bounds, path);
    char *const part = arena_strdup(arena, path);
    size_t at = inside == NULL ? strlen(path) : (size_t)(inside - path);
    while (path[at] != '\0') {
        struct stat info;
        char real[PATH_MAX];
        at += strcspn(path + at, "/");
        part[at] = '\0';
        if (lstat(part, &info) == 0 && S_ISLNK(info.st_mode) &&
            (realpath(part, real) == NULL || !is_within(bounds, real))) {
            return part;
        }
        part[at] = path[at];
        at += strspn(path + at, "/");
    }
    return NULL;
}

/* A sentence about a link. */
static const char *words_of_link(const struct bounds *bounds, struct arena *arena, const char *link)
{
    char to[PATH_MAX];
    char real[PATH_MAX];
    const ssize_t size = readlink(link, to, sizeof to - 1);
    to[size < 0 ? 0 : size] = '\0';
    file_trace_doubt();
    const bool is_there = realpath(link, real) != NULL;
    const int error = is_there ? 0 : errno;
    const char *const inside = in_project(bounds, link);
    const char *const name = plain(arena, inside == NULL ? link : inside);
    return is_there         ? arena_printf(arena, "%s is a link that leads out of the project, to %s" ADVICE, name,
                                           plain(arena, real))
           : error == ELOOP ? arena_printf(arena, "%s is a link to %s, which leads in a circle", name, plain(arena, to))
           : error == ENOENT || error == ENOTDIR
               ? arena_printf(arena, "%s is a link to %s, which is not there", name, plain(arena, to))
               : arena_printf(arena, "%s is a link to %s, which cannot be looked at (%s)", name, plain(arena, to),
                              strerror(error));
}

static const char *words_of(const struct bounds *bounds, struct arena *arena, const char *path, const char *real)
{
    file_trace_doubt();
    if (is_within(bounds, real)) {
        const char *const inside = in_project(bounds, path);
        return arena_printf(arena, "%s is a link to %s, which has settings of this machine; it was not read",
                            plain(arena, inside == NULL ? path : inside), plain(arena, path_name(real)));
    }
    const char *const changed = words_of_root(bounds, arena);
    if (changed != NULL) {
        return changed;
    }
    const char *const link = find_link(bounds, arena, path);
    return link != NULL ? words_of_link(bounds, arena, link)
                        : arena_printf(arena, "%s is outside of the project" ADVICE, plain(arena, real));
}

void bounds_note(const char *words)
{
    if (words != NULL) {
        file_trace_doubt(); /* what links lead to is not noted */
    }
    if (in_force != NULL && in_force->note == NULL) {
        in_force->note = words;
    }
}

void bounds_leave(struct bounds *bounds)
{
    in_force = bounds->outer;
    if (bounds->is_part) {
        return;
    }
    if (bounds->root != NULL && bounds->note == NULL) {
        bounds->note = words_of_root(bounds, bounds->arena);
    }
    for (size_t i = 0; i < sizeof bounds->real / sizeof bounds->real[0]; i++) {
        free(bounds->real[i]);
    }
}

bool bounds_hold(int fd, const char *path, struct status *status)
{
    struct bounds *const bounds = in_force;
    char name[64];
    char real[PATH_MAX];
    if (!is_held(bounds)) {
        return true;
    }
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(name, real, sizeof real - 1);
    real[size < 0 ? 0 : size] = '\0';
    if (size <= 0 && realpath(path, real) == NULL) { /* without /proc the path itself must do */
        snprintf(real, sizeof real, "%s", path);
        file_trace_doubt();
    }
    file_trace_real(path, real, 0);
    if (is_within(bounds, real) && !is_disguised(bounds, path, real)) {
        return true;
    }
    const char *const words = words_of(bounds, bounds->arena, path, real);
    bounds_note(words);
    return status != NULL && status_fail(status, STATUS_FAILED_PRECONDITION, "%s.", words);
}

void bounds_missed(const char *path)
{
    struct bounds *const bounds = in_force;
    const int before = errno;
    if (is_held(bounds) && bounds->note == NULL) {
        const char *const link = find_link(bounds, bounds->arena, path);
        if (link != NULL) {
            bounds_note(words_of_link(bounds, bounds->arena, link));
        }
    }
    errno = before;
}

const char *bounds_why_not(struct arena *arena, const char *path)
{
    const struct bounds *const bounds = in_force;
    char real[PATH_MAX];
    if (!is_held(bounds)) {
        return NULL;
    }
    const bool is_there = realpath(path, real) != NULL;
    file_trace_real(path, is_there ? real : NULL, errno);
    if (!is_there) {
        const char *const link = find_link(bounds, arena, path);
        return link == NULL ? NULL : words_of_link(bounds, arena, link);
    }
    return is_within(bounds, real) && !is_disguised(bounds, path, real) ? NULL : words_of(bounds, arena, path, real);
}
