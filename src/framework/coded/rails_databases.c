/*
 * An environment has either the settings of its one database, or several databases by name, of which "primary", else
 * the first, is the primary one (activerecord/lib/active_record/database_configurations.rb, 8.0).
 */
#include "framework/coded/rails_databases.h"

#include "base/words.h"
#include "framework/core/package.h"
#include "framework/formats/config.h"

#include <stdint.h>
#include <string.h>

#define NAME       "config/database.yml"
#define PATHS      "migrations_paths"
#define MOST_DEPTH 4   /* nested keys: environment, database, setting */
#define MOST_PATHS 100 /* settings of paths; each is searched in the whole file */

/* The keys above a line, and the database that comes first in its environment. */
struct place {
    struct {
        struct text key;
        size_t indent;
    } above[MOST_DEPTH];
    size_t depth;
    struct text first; /* empty: none yet */
};

/* The key of a line; empty: it has none. */
static struct text key_of(struct text said)
{
    const size_t colon = said.size == 0 || strchr("#-", said.data[0]) != NULL ? SIZE_MAX : text_find(said, ":", 0);
    return text_trim(text_slice(said, 0, colon == SIZE_MAX ? 0 : colon));
}

/* Takes the next key, so that place->above are the keys above it, and it the last one. */
static void go_to(struct place *place, struct text key, size_t indent)
{
    while (place->depth > 0 && place->above[place->depth - 1].indent >= indent) {
        place->depth--;
    }
    if (place->depth == 0) {
        place->first = (struct text){0};
    } else if (place->depth == 1 && place->first.size == 0 && !text_is(key, "<<")) {
        place->first = key;
    }
    if (place->depth < MOST_DEPTH) {
        place->above[place->depth].key = key;
        place->above[place->depth++].indent = indent;
    }
}

/* Has the environment of this place a database called "primary"? */
static bool has_primary(struct arena *arena, struct text source, const struct place *place)
{
    const struct text environment = place->above[0].key;
    const char *const path[] = {arena_strndup(arena, environment.data, environment.size), "primary", NULL};
    return config_yaml_unread(arena, source, path) != SIZE_MAX;
}

/* Does the setting at this place belong to the primary database? */
static bool is_of_primary(struct arena *arena, struct text source, const struct place *place)
{
    const struct text name = place->above[1].key;
    return place->depth == 2 ||
           (place->depth == 3 &&
            (has_primary(arena, source, place) ? text_is(name, "primary") : text_equal(name, place->first)));
}

/* The paths of the setting at this place. */
static struct words paths_at(struct arena *arena, struct text source, const struct place *place)
{
    const char *path[MOST_DEPTH + 1] = {0};
    for (size_t i = 0; i < place->depth; i++) {
        path[i] = arena_strndup(arena, place->above[i].key.data, place->above[i].key.size);
    }
    return config_yaml_list(arena, source, path);
}

/* Rails says nothing of a directory that does not exist. */
static void take_paths(struct arena *arena, struct folder *folder, const struct words *paths)
{
    struct words there = {0};
    for (size_t i = 0; i < paths->count; i++) {
        if (folder_look(arena, folder, paths->items[i]) == FILE_DIRECTORY) {
            words_add(arena, &there, path_join(arena, folder->base, paths->items[i]));
        }
    }
    folder->path = there.count == 0 ? path_join(arena, folder->base, paths->items[0]) : there.items[0];
    folder->others = there.count < 2 ? NULL : words_list(arena, &there) + 1;
}

static bool is_computed(const struct words *paths)
{
    size_t i = 0;
    while (i < paths->count && !config_is_computed(paths->items[i])) {
        i++;
    }
    return i < paths->count || paths->count == 0;
}

/* What is read, and the paths of the primary database that an environment named first; NULL: none yet. */
struct reading {
    struct folder *folder;
    struct source_file file;
    const char *taken;
};

/* Of the primary database, every environment should name the same. */
static void take_primary(struct arena *arena, struct reading *reading, size_t at, const struct words *paths)
{
    const char *const said = words_joined(arena, paths);
    if (is_computed(paths)) {
        unread_folder(arena, reading->folder, reading->file, at, PATHS);
    } else if (reading->taken == NULL) {
        reading->taken = said;
        take_paths(arena, reading->folder, paths);
    } else if (strcmp(reading->taken, said) != 0) {
        unread_folder_because(
            arena, reading->folder, reading->file, at,
            arena_printf(arena, "names other " PATHS " (%s) than another environment (%s)", said, reading->taken));
    }
}

void rails_read_databases(struct arena *arena, struct folder *folder)
{
    struct reading reading = {.folder = folder, .file = {.name = NAME}};
    struct place place = {.depth = 0};
    if (!folder_read(arena, folder, NAME, &reading.file.content)) {
        return;
    }
    const struct text source = reading.file.content;
    struct text rest = source;
    size_t settings = 0;
    for (struct text line; settings < MOST_PATHS && text_next_line(&rest, &line);) {
        const struct text said = text_trim(line);
        const struct text key = key_of(said);
        if (key.size == 0) {
            continue;
        }
        go_to(&place, key, (size_t)(said.data - line.data));
        if (!text_is(key, PATHS)) {
            continue;
        }
        settings++;
        const size_t at = (size_t)(line.data - source.data);
        const struct words paths = paths_at(arena, source, &place);
        if (is_of_primary(arena, source, &place)) {
            take_primary(arena, &reading, at, &paths);
        } else if (folder->note == NULL) {
            folder->note = arena_printf(arena,
                                        "%s, line %u, gives another database migrations of its own (%s), which are "
                                        "not looked at here: say --migrations, with the URL of that database.",
                                        NAME, text_position(source, at).line, words_joined(arena, &paths));
        }
    }
}
