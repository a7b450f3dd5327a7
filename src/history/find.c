/*
 * Finds .git as git does, from the path upwards. The files in the project's folder may have been written by anybody: a
 * .git in it that leads outside (a pointer, a link, alternates, an included configuration) could show other files that
 * the worker's user may read. It is followed only if the repository outside names this folder as a worktree or
 * submodule of its own, because only its owner can have written that. A repository around the project belongs to its
 * owner anyway.
 */
#include "history/history.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define POINTER_LIMIT ((size_t)8 * 1024)
#define CONFIG_LIMIT  ((size_t)1024 * 1024)
#define MOST_ENTRIES  500000 /* entries of a .git that are checked for links */

static bool refuse(struct history_place *place, const char *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool refuse(struct history_place *place, const char *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    place->why = why;
    status_fail(place->status, STATUS_FAILED_PRECONDITION, "%s", arena_vprintf(place->arena, format, args));
    va_end(args);
    return false;
}

/* ---- paths ---- */

static const char *real(struct arena *arena, const char *path)
{
    char *const resolved = realpath(path, NULL);
    const char *const copy = arena_strdup(arena, resolved);
    free(resolved);
    return copy;
}

static const char *parent_of(struct arena *arena, const char *path)
{
    const char *const above = path_above(arena, path);
    return above[0] == '\0' ? "/" : above;
}

/* The nearest existing folder at or above the path, as a real path; *rest is the part below it. */
static const char *start_of(const struct history_place *place, const char **rest)
{
    const char *path = place->path;
    while (file_look(path, NULL) != FILE_DIRECTORY && strcmp(path, "/") != 0) {
        path = parent_of(place->arena, path);
    }
    const size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);
    *rest = place->path + size + (place->path[size] == '/' ? 1 : 0);
    return real(place->arena, path);
}

/* The content of a small regular file, without the white space around it; NULL: there is none. A fifo is never
 * opened. */
static const char *small_file(struct arena *arena, const char *path)
{
    struct status ignored = {.arena = arena};
    struct text content;
    if (file_look(path, NULL) != FILE_REGULAR || !file_read(arena, path, POINTER_LIMIT, &content, &ignored)) {
        return NULL;
    }
    content = text_trim(content);
    return arena_strndup(arena, content.data, content.size);
}

static const char *from(struct arena *arena, const char *directory, const char *path)
{
    return real(arena, path_join(arena, directory, path));
}

/* ---- a repository outside that names this folder ---- */

/* git worktree add writes the path back to the worktree into the repository. */
static bool is_its_worktree(struct arena *arena, const char *gitdir, const char *dot_git)
{
    const char *const back = small_file(arena, path_join(arena, gitdir, "gitdir"));
    const char *const there = back == NULL ? NULL : from(arena, gitdir, back);
    return there != NULL && strcmp(there, dot_git) == 0;
}

/* git submodule writes it too, as core.worktree. */
static bool is_its_submodule(struct arena *arena, const char *gitdir, const char *workdir)
{
    git_config *config = NULL;
    git_buf value = {0};
    const char *const path = path_join(arena, gitdir, "config");
    bool is = false;
    if (file_look(path, NULL) == FILE_REGULAR && git_config_open_ondisk(&config, path) == 0 &&
        git_config_get_string_buf(&value, config, "core.worktree") == 0) {
        const char *const there = from(arena, gitdir, value.ptr);
        is = there != NULL && strcmp(there, workdir) == 0;
    }
    git_buf_dispose(&value);
    git_config_free(config);
    return is;
}

/* ---- a repository of the project's own ---- */

/* nftw takes no data for its callback; this program checks only one repository. */
static struct {
    struct arena *arena;
    const char *root;
    const char *found;
    size_t entries;
} looking;

static int look_at(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)ftw;
    const bool waits = type == FTW_F && (S_ISFIFO(stat->st_mode) || S_ISCHR(stat->st_mode) || S_ISBLK(stat->st_mode));
    const char *const target = type == FTW_SL ? real(looking.arena, path) : NULL;
    if (++looking.entries > MOST_ENTRIES || waits || (target != NULL && !path_is_within(looking.root, target))) {
        looking.found = arena_strdup(looking.arena, path);
        return 1;
    }
    return 0;
}

/* Does it have links that lead outside, or special files on which reading could block? */
static bool has_links_out(struct history_place *place, const char *folder)
{
    looking.arena = place->arena;
    looking.root = place->root;
    looking.found = NULL;
    nftw(folder, look_at, 16, FTW_PHYS);
    return looking.found != NULL;
}

/* Does a line of this configuration begin a section "include" or "includeIf"? */
static bool includes(struct arena *arena, const char *path)
{
    struct status ignored = {.arena = arena};
    struct text rest;
    struct text line;
    if (file_look(path, NULL) != FILE_REGULAR || !file_read(arena, path, CONFIG_LIMIT, &rest, &ignored)) {
        return file_look(path, NULL) != FILE_NONE;
    }
    while (text_next_line(&rest, &line)) {
        for (size_t at = text_find(line, "[", 0); at != SIZE_MAX; at = text_find(line, "[", at + 1)) {
            const struct text name = text_trim(text_slice(line, at + 1, line.size));
            if (name.size >= 7 && strncasecmp(name.data, "include", 7) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Each line names another folder of objects. */
static bool check_alternates(struct history_place *place, const char *common)
{
    const char *const objects = path_join(place->arena, common, "objects");
    const char *const path = path_join(place->arena, objects, "info/alternates");
    struct status ignored = {.arena = place->arena};
    struct text rest;
    struct text line;
    if (file_look(path, NULL) == FILE_NONE) {
        return true;
    }
    if (file_look(path, NULL) != FILE_REGULAR || !file_read(place->arena, path, CONFIG_LIMIT, &rest, &ignored)) {
        return refuse(place, "outside", "%s cannot be read.", path);
    }
    while (text_next_line(&rest, &line)) {
        const char *const there =
            line.size == 0 ? NULL : from(place->arena, objects, arena_strndup(place->arena, line.data, line.size));
        if (there != NULL && !path_is_within(place->root, there)) {
            return refuse(
                place, "outside",
                "the repository %s takes objects from %s, which is outside of the project (git clone --shared "
                "or --reference). `git repack -a -d`, and removing %s behind it, make it whole.",
                place->workdir, there, path);
        }
        if (there != NULL && has_links_out(place, there)) {
            return refuse(place, "outside", "%s is a link that leads out of the project.", looking.found);
        }
    }
    return true;
}

static bool check_own(struct history_place *place, const char *gitdir)
{
    struct arena *const arena = place->arena;
    const char *const said = small_file(arena, path_join(arena, gitdir, "commondir"));
    const char *const common = said == NULL ? gitdir : from(arena, gitdir, said);
    if (common == NULL || !path_is_within(place->root, common)) {
        return refuse(place, "outside", "%s/commondir leads out of the project.", gitdir);
    }
    if (has_links_out(place, gitdir) || (common != gitdir && has_links_out(place, common))) {
        return refuse(place, "outside",
                      "%s is a link that leads out of the project or no plain file, or the repository "
                      "has more files than are looked through.",
                      looking.found);
    }
    if (includes(arena, path_join(arena, common, "config")) ||
        includes(arena, path_join(arena, common, "config.worktree")) ||
        includes(arena, path_join(arena, gitdir, "config.worktree"))) {
        return refuse(place, "outside", "the configuration of the repository %s includes another file.",
                      place->workdir);
    }
    return check_alternates(place, common);
}

/* ---- which repository ---- */

/* The real path of the folder that .git in this directory names; NULL: there is no valid one. */
static const char *gitdir_of(struct arena *arena, const char *directory, const char *dot_git)
{
    if (file_look(dot_git, NULL) == FILE_DIRECTORY) {
        return real(arena, dot_git);
    }
    const char *const pointer = small_file(arena, dot_git);
    return pointer == NULL || strncmp(pointer, "gitdir: ", 8) != 0 ? NULL : from(arena, directory, pointer + 8);
}

static bool check(struct history_place *place, const char *directory, const char *dot_git)
{
    struct arena *const arena = place->arena;
    const char *const gitdir = gitdir_of(arena, directory, dot_git);
    place->workdir = directory;
    if (gitdir == NULL) {
        return refuse(place, "format", "%s does not lead to an existing git repository.", dot_git);
    }
    if (!path_is_within(place->root, directory)) {
        return true;
    }
    if (path_is_within(place->root, gitdir)) {
        return check_own(place, gitdir);
    }
    if (is_its_worktree(arena, gitdir, dot_git) || is_its_submodule(arena, gitdir, directory)) {
        return true;
    }
    return refuse(place, "outside",
                  "%s leads to %s, which is outside of the project and does not name this folder as a worktree or "
                  "submodule of its own.",
                  dot_git, gitdir);
}

bool history_find(struct history_place *place)
{
    struct arena *const arena = place->arena;
    const char *rest;
    const char *directory = start_of(place, &rest);
    place->root = real(arena, place->root);
    if (directory == NULL || place->root == NULL) {
        return refuse(place, "none", "%s is not there.", place->path);
    }
    const char *const whole = path_join(arena, directory, rest);
    for (;; directory = parent_of(arena, directory)) {
        const char *const dot_git = path_join(arena, directory, ".git");
        struct stat stat;
        if (lstat(dot_git, &stat) == 0) {
            const size_t size = strcmp(directory, "/") == 0 ? 0 : strlen(directory);
            place->inside = whole + size + (whole[size] == '/' ? 1 : 0);
            return check(place, directory, dot_git);
        }
        if (strcmp(directory, "/") == 0) {
            return refuse(place, "none", "neither %s nor a folder above it is a git repository.", place->root);
        }
    }
}
