/*
 * Paths as text: nothing here looks at a file.
 */
#include "base/paths.h"

#include <string.h>

const char *path_join(struct arena *arena, const char *dir, const char *name)
{
    if (name[0] == '\0') {
        return arena_strdup(arena, dir);
    }
    if (dir[0] == '\0' || strcmp(dir, ".") == 0 || name[0] == '/') {
        return arena_strdup(arena, name);
    }
    const size_t dir_size = strlen(dir) - (dir[strlen(dir) - 1] == '/' ? 1 : 0);
    const size_t name_size = strlen(name);
    char *const path = arena_alloc(arena, dir_size + name_size + 2);
    memcpy(path, dir, dir_size);
    path[dir_size] = '/';
    memcpy(path + dir_size + 1, name, name_size);
    return path;
}

const char *path_name(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

const char *path_above(struct arena *arena, const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash == path ? "/" : arena_strndup(arena, path, slash == NULL ? 0 : (size_t)(slash - path));
}

bool path_is_within(const char *folder, const char *path)
{
    const size_t size = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    return strncmp(folder, path, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

const char *path_below(const char *folder, const char *path)
{
    const size_t size = strlen(folder);
    const bool is_below = size > 0 && folder[size - 1] != '/' && path_is_within(folder, path);
    return !is_below ? path : path + size + (path[size] == '/' ? 1 : 0);
}

bool path_is_component(struct text name)
{
    if (name.size == 0 || name.size > 255 || text_is(name, ".") || text_is(name, "..")) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        const unsigned char c = (unsigned char)name.data[i];
        if (c == '/' || c < 0x20 || c == 0x7F) {
            return false;
        }
    }
    return true;
}

bool path_is_inside(const char *path)
{
    for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        if (!path_is_component((struct text){path, (size_t)(slash - path)})) {
            return false;
        }
    }
    return path_is_component(text_of(path));
}
