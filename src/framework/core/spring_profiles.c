#include "framework/core/spring_profiles.h"

#include "framework/core/package.h"
#include "framework/formats/spring.h"

#include <stdint.h>
#include <string.h>

bool spring_is_yaml(const char *name)
{
    return text_ends_with(text_of(name), ".yml") || text_ends_with(text_of(name), ".yaml");
}

/* Both are read. */
static const char *const places[] = {"src/main/resources", "src/main/resources/config", NULL};

/* Who asks, and what for. */
struct asking {
    struct folder *folder;
    const char *tool;
    spring_profile *read;
    void *data;
};

static void offer(struct arena *arena, const struct asking *asking, const struct source_file *file)
{
    if (text_find(file->content, asking->tool, 0) != SIZE_MAX) {
        asking->read(arena, asking->folder, file, asking->data);
    }
}

/* A file for one profile, or one that may contain documents for profiles. */
static void read_file(struct arena *arena, const struct asking *asking, const char *path)
{
    const char *const name = path_name(path);
    const struct text base = text_of(name);
    const bool is_of_profile = text_starts_with(base, "application-");
    struct source_file file = {.name = path};
    struct text whole;
    if ((!spring_is_yaml(name) && !text_ends_with(base, ".properties")) ||
        text_starts_with(base, "application-test.") || (!is_of_profile && !text_starts_with(base, "application.")) ||
        !folder_read(arena, asking->folder, file.name, &whole)) {
        return;
    }
    if (is_of_profile) {
        file.content = whole;
        offer(arena, asking, &file);
    }
    size_t at = 0;
    for (size_t i = 0; i < spring_most_profiles(whole.size) && spring_next_profile(arena, whole, &at, &file.content);
         i++) {
        offer(arena, asking, &file);
    }
    const size_t more = text_find(whole, asking->tool, at);
    if (spring_next_profile(arena, whole, &at, &file.content)) {
        file.content = whole;
        unread_folder_because(arena, asking->folder, file, more, "is for more profiles than are read");
    }
}

void spring_profiles_each(struct arena *arena, struct folder *folder, const char *tool, spring_profile *read,
                          void *data)
{
    const struct asking asking = {folder, tool, read, data};
    const char *const package = path_join(arena, folder->root, folder->base);
    for (size_t i = 0; places[i] != NULL; i++) {
        const char *const place = path_join(arena, package, places[i]);
        struct status unread = {.arena = arena};
        struct file_list list = {0};
        if (file_look(place, NULL) != FILE_DIRECTORY || !directory_list(arena, place, &list, &unread)) {
            continue;
        }
        for (size_t j = 0; j < list.count; j++) {
            read_file(arena, &asking, path_join(arena, places[i], list.entries[j].name));
        }
    }
}
