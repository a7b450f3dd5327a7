/*
 * Looks only at imports: what a file imports from a folder of migrations is for its list.
 */
#include "framework/coded/typeorm_list.h"

#include "framework/coded/code.h"
#include "framework/core/package.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define TIME_DIGITS 13

/* The offset of the next quoted path after `from` or `require(`, searched for once from front to end. SIZE_MAX: there
 * is none. */
static size_t find_import(struct text source, size_t at)
{
    static const char *const words[] = {"from ", "require(", NULL};
    for (; at < source.size; at++) {
        const struct text before = text_slice(source, 0, at);
        const bool is_quote = source.data[at] == '\'' || source.data[at] == '"';
        for (size_t i = 0; is_quote && words[i] != NULL; i++) {
            if (text_ends_with(before, words[i])) {
                return at + 1;
            }
        }
    }
    return SIZE_MAX;
}

/* The next imported path, relative to the file; NULL: there is none. */
static const char *next_import(struct arena *arena, struct text source, size_t *at)
{
    const size_t behind = find_import(source, *at);
    const size_t end =
        behind == SIZE_MAX ? SIZE_MAX : text_find(source, (const char[]){source.data[behind - 1], '\0'}, behind);
    *at = end == SIZE_MAX ? source.size : end + 1;
    return end == SIZE_MAX ? NULL : arena_strndup(arena, source.data + behind, end - behind);
}

/* Does the name contain the time of a migration: 1700000000000-Init, Init1700000000000? */
static bool has_time(const char *name)
{
    size_t digits = 0;
    for (; *name != '\0' && digits < TIME_DIGITS; name++) {
        digits = isdigit((unsigned char)*name) != 0 ? digits + 1 : 0;
    }
    return digits == TIME_DIGITS;
}

/* The path, in the package, that an import in the file names; NULL: it is of another package. */
static const char *path_of(struct arena *arena, const char *file, const char *import)
{
    return import[0] != '.' ? NULL
                            : code_directory_at(arena, &(const struct folder){.root = "", .base = ""}, "",
                                                path_join(arena, path_above(arena, file), import));
}

/* The index file of a directory that is imported as a whole; NULL: it has none. */
static const char *index_of(struct arena *arena, const struct folder *folder, const char *directory)
{
    const char *const names[] = {path_join(arena, directory, "index.ts"), path_join(arena, directory, "index.js"),
                                 NULL};
    const bool is_meant = strstr(path_name(directory), "igration") != NULL;
    return is_meant ? folder_first_file(arena, folder, names) : NULL;
}

bool typeorm_list_find(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    const char *found = NULL;
    struct text names = file->content;
    const char *import;
    for (size_t at = 0; (import = next_import(arena, file->content, &at)) != NULL;) {
        const char *const path = path_of(arena, file->name, import);
        const char *const index = path == NULL ? NULL : index_of(arena, folder, path);
        const char *const directory = index != NULL ? path
                                      : path != NULL && strchr(path, '/') != NULL && has_time(path_name(path))
                                          ? path_above(arena, path)
                                          : NULL;
        if (directory == NULL) {
            continue;
        }
        if ((found != NULL && strcmp(found, directory) != 0) ||
            (index != NULL && !folder_read(arena, folder, index, &names))) {
            return false;
        }
        found = directory;
    }
    if (found != NULL) {
        struct typeorm_settings *const settings = arena_alloc(arena, sizeof *settings);
        settings->listed = names;
        folder->path = path_join(arena, folder->base, found);
        folder->settings = settings;
    }
    return found != NULL;
}
