/*
 *     truss-history versions file|folder ROOT PATH SECONDS
 *     truss-history diff OLD NEW NAME_OF_OLD NAME_OF_NEW
 *
 * The first prints what git has stored about PATH (history.h); the second prints the difference of two files as a
 * unified diff. Both are only for the worker.
 */
#include "history/history.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/limits.h"
#include "base/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEMORY ((rlim_t)2 * 1024 * 1024 * 1024)
#define WINDOW ((size_t)32 * 1024 * 1024)
#define MAPPED ((size_t)512 * 1024 * 1024)

/* Limits what a repository can cause: in time, in memory, and without writing anything. */
static void stay_small(unsigned seconds)
{
    const struct rlimit memory = {MEMORY, MEMORY};
    const struct rlimit none = {0, 0};
    if (sandbox_what_looks_in() == NULL) { /* a sanitizer maps terabytes */
        setrlimit(RLIMIT_AS, &memory);
    }
    setrlimit(RLIMIT_CORE, &none);
    alarm(seconds + 2);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, WINDOW);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED);
}

static int fail(const char *why, const char *words)
{
    history_record((const char *const[]){"error", why, words, NULL});
    return 0;
}

/* What libgit2 says if it does not open a repository. For one of another user, 1.5 says only that no configuration
 * trusts it. */
static int not_opened(struct arena *arena, const char *workdir, int error, const char *words)
{
    if (error == GIT_EOWNER || strstr(words, "safe.directory") != NULL) {
        return fail("owner", workdir);
    }
    const bool is_format = strstr(words, "extension") != NULL || strstr(words, "version") != NULL;
    return fail(is_format ? "format" : "failed", arena_printf(arena, "%s: %s", workdir, words));
}

static int versions(char **words)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct history_place place = {.arena = arena, .root = words[1], .path = words[2], .status = &status};
    const unsigned seconds = (unsigned)strtoul(words[3], NULL, 10);
    const struct history_limits limits = {.commits = LIMIT_HISTORY_COMMITS,
                                          .bytes = LIMIT_HISTORY_BYTES,
                                          .file = LIMIT_HISTORY_FILE,
                                          .deadline = deadline_in(seconds * 1000)};
    git_repository *repository = NULL;
    int result = 0;
    stay_small(seconds);
    if (!history_find(&place)) {
        result = fail(place.why, status.message);
    } else {
        const int error = git_repository_open_ext(&repository, place.workdir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
        const char *const said = error == 0 || git_error_last() == NULL ? "" : git_error_last()->message;
        if (error != 0) {
            result = not_opened(arena, place.workdir, error, said);
        } else {
            history_tell(repository, &place, strcmp(words[0], "folder") == 0, &limits);
        }
    }
    fflush(stdout);
    git_repository_free(repository);
    arena_free(arena);
    return result;
}

static bool read_whole(struct arena *arena, const char *path, struct text *content)
{
    struct status status = {.arena = arena};
    return file_read(arena, path, LIMIT_HISTORY_FILE, content, &status);
}

static int print_line(const git_diff_delta *delta, const git_diff_hunk *hunk, const git_diff_line *line, void *data)
{
    (void)delta;
    (void)hunk;
    (void)data;
    if (line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
        line->origin == GIT_DIFF_LINE_DELETION) {
        putchar(line->origin);
    }
    if (line->origin != GIT_DIFF_LINE_FILE_HDR) {
        fwrite(line->content, 1, line->content_len, stdout);
    }
    return 0;
}

static int diff(char **words)
{
    struct arena *const arena = arena_new(0);
    struct text old;
    struct text new;
    git_patch *patch = NULL;
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_FORCE_TEXT | GIT_DIFF_INDENT_HEURISTIC;
    stay_small(LIMIT_HISTORY_MS / 1000);
    const bool ok = read_whole(arena, words[0], &old) && read_whole(arena, words[1], &new) &&
                    git_patch_from_buffers(&patch, old.data, old.size, NULL, new.data, new.size, NULL, &options) == 0;
    if (ok && git_patch_num_hunks(patch) > 0) {
        printf("--- %s\n+++ %s\n", words[2], words[3]);
        git_patch_print(patch, print_line, NULL);
    }
    git_patch_free(patch);
    arena_free(arena);
    return ok && fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    int result = 2;
    git_libgit2_init();
    if (argc == 6 && strcmp(argv[1], "versions") == 0) {
        result = versions(argv + 2);
    } else if (argc == 6 && strcmp(argv[1], "diff") == 0) {
        result = diff(argv + 2);
    } else {
        fputs("truss-history: reads git for truss-worker; use `truss diff NAME`.\n", stderr);
    }
    git_libgit2_shutdown();
    return result;
}
