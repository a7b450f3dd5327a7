#include "framework/core/inner_path.h"

#include "base/text.h"
#include "base/words.h"

#include <string.h>

const char *inner_path(struct arena *arena, const char *path)
{
    struct words parts = {0};
    struct buffer whole = {.arena = arena};
    for (const char *rest = path; *rest != '\0';) {
        const size_t size = strcspn(rest, "/");
        const char *const part = arena_strndup(arena, rest, size);
        rest += size + (rest[size] == '/' ? 1 : 0);
        if (strcmp(part, "..") == 0 && parts.count == 0) {
            return NULL;
        }
        if (strcmp(part, "..") == 0) {
            parts.count--;
        } else if (size > 0 && strcmp(part, ".") != 0) {
            words_add(arena, &parts, part);
        }
    }
    for (size_t i = 0; i < parts.count; i++) {
        buffer_printf(&whole, "%s%s", i == 0 ? "" : "/", parts.items[i]);
    }
    return parts.count == 0 ? "." : buffer_string(&whole);
}

const char *plain_path(struct arena *arena, const char *path)
{
    const char *const inner = path[0] == '/' ? NULL : inner_path(arena, path);
    return inner == NULL ? arena_strdup(arena, path) : inner;
}

const char *path_seen_from(struct arena *arena, const char *path, const char *directory)
{
    struct buffer seen = {.arena = arena};
    size_t same = 0;
    directory = strcmp(directory, ".") == 0 ? "" : directory;
    for (size_t i = 0; directory[i] != '\0' && path[i] == directory[i]; i++) {
        same = path[i] == '/' ? i + 1 : same;
    }
    for (const char *rest = directory + same; *rest != '\0'; rest += strcspn(rest, "/"), rest += *rest == '/' ? 1 : 0) {
        buffer_puts(&seen, "../");
    }
    buffer_puts(&seen, path + same);
    return buffer_string(&seen);
}
