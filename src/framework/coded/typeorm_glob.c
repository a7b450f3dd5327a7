/*
 * A star is one directory, two are any number of them. The names of the files are left to the class that each has, so
 * that compiled files and their sources are the same; the ending counts where both are there.
 */
#include "framework/coded/typeorm_glob.h"

#include "base/words.h"
#include "framework/coded/code.h"

#include <string.h>

#define MOST_DEEP 2 /* "**" in one glob */

/* The path from the first part that has a wildcard on. */
static const char *tail_of(const char *path)
{
    const char *const wild = path + strcspn(path, "*?[{(!");
    const char *tail = wild;
    while (tail > path && tail[-1] != '/') {
        tail--;
    }
    return tail;
}

/* Are these directories literal, "*" or "**"? */
static bool is_understood(const char *directories)
{
    int deep = 0;
    for (const char *at = directories; *at != '\0';) {
        const struct text word = {at, strcspn(at, "/")};
        const bool is_wild = text_is(word, "*") || text_is(word, "**");
        deep += text_is(word, "**") ? 1 : 0;
        if (!is_wild && strcspn(at, "*?[{(!") < word.size) {
            return false;
        }
        at += word.size + (at[word.size] == '/' ? 1 : 0);
    }
    return deep <= MOST_DEEP;
}

/* The directories of a glob: "" if it has none after its fixed part. */
static const char *directories_of(struct arena *arena, const char *glob)
{
    const char *const tail = tail_of(glob);
    const char *const slash = strrchr(tail, '/');
    return slash == NULL ? "" : arena_strndup(arena, tail, (size_t)(slash - tail));
}

const char *typeorm_glob_find(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    size_t at;
    const char *const *const globs = code_texts(arena, file->content, "migrations", &at);
    const char *const found = globs == NULL ? "" : directories_of(arena, globs[0]);
    bool is_plain = is_understood(found);
    for (size_t i = 1; globs != NULL && globs[i] != NULL; i++) {
        is_plain = is_plain && strcmp(found, directories_of(arena, globs[i])) == 0;
    }
    if (!is_plain) {
        unread_folder_because(arena, folder, *file, at,
                              "has a pattern of directories: which of them it means, only typeorm knows");
    }
    folder->is_recursive = is_plain && found[0] != '\0';
    return folder->is_recursive ? found : NULL;
}

/* "js" for "migrations/\*.js"; NULL: it is not so simple. */
static const char *ending_of(const char *glob)
{
    static const char *const endings[] = {"js", "ts", "mjs", "cjs", "mts", "cts", NULL};
    const char *const slash = strrchr(glob, '/');
    const char *const name = slash == NULL ? glob : slash + 1;
    return strncmp(name, "*.", 2) == 0 && word_is_one_of(text_of(name + 2), endings) ? name + 2 : NULL;
}

const char *typeorm_glob_ending(struct arena *arena, const struct source_file *file)
{
    size_t at;
    const char *const *const globs = code_texts(arena, file->content, "migrations", &at);
    const char *const found = globs == NULL || globs[0] == NULL ? NULL : ending_of(globs[0]);
    for (size_t i = 1; found != NULL && globs[i] != NULL; i++) {
        const char *const other = ending_of(globs[i]);
        if (other == NULL || strcmp(other, found) != 0) {
            return NULL;
        }
    }
    return found;
}

static const char *behind(const char *path)
{
    const char *const slash = strchr(path, '/');
    return slash == NULL ? path + strlen(path) : slash + 1;
}

/* The directories of the path end at `end`, where its file's name begins. */
static bool fits(const char *directories, const char *path, const char *end)
{
    while (*directories != '\0') {
        const struct text word = {directories, strcspn(directories, "/")};
        const struct text part = {path, path >= end ? 0 : strcspn(path, "/")};
        if (text_is(word, "**")) {
            for (const char *rest = path; rest <= end; rest = behind(rest)) {
                if (fits(behind(directories), rest, end)) {
                    return true;
                }
                if (rest == end) {
                    return false;
                }
            }
            return false;
        }
        if (path >= end || !(text_is(word, "*") || text_equal(word, part))) {
            return false;
        }
        directories = behind(directories);
        path = behind(path);
    }
    return path >= end;
}

bool typeorm_glob_fits(const char *directories, const char *path)
{
    const char *const slash = strrchr(path, '/');
    return fits(directories, path, slash == NULL ? path : slash + 1);
}
