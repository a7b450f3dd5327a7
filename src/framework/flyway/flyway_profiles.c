/*
 * Files next to the usual one, documents in it, and keys that begin with a profile.
 */
#include "framework/flyway/flyway_profiles.h"

#include "framework/core/spring_profiles.h"
#include "framework/flyway/flyway_settings.h"
#include "framework/flyway/flyway_source.h"

#include <stdint.h>
#include <string.h>

/* Locations that a profile names and the usual configuration does not. */
static void read_profile_locations(struct arena *arena, struct folder *folder, const struct source_file *file,
                                   const struct flyway_source *source)
{
    const struct flyway_settings *const settings = folder->settings;
    const struct words said = flyway_list_of(arena, file->content, source, "locations", "location");
    struct folder tried = *folder; /* a computed value matters only if that profile is used */
    tried.unread = NULL;
    const char *const usual = path_join(arena, folder->base, path_join(arena, FLYWAY_RESOURCES, "db/migration"));
    for (size_t i = 0; i < said.count; i++) {
        const char *const location = flyway_location_of(arena, &tried, said.items[i], file);
        const bool is_default = settings == NULL || settings->locations[0] == NULL;
        bool is_known = location != NULL && is_default && strcmp(location, usual) == 0;
        for (size_t j = 0; location != NULL && !is_default && settings->locations[j] != NULL; j++) {
            is_known = is_known || strcmp(location, settings->locations[j]) == 0;
        }
        if (!is_known) {
            const size_t at = text_find(file->content, said.items[i], 0);
            folder->evidence = folder->evidence == NULL ? path_join(arena, folder->base, file->name) : folder->evidence;
            unread_folder_because(
                arena, folder, *file, at == SIZE_MAX ? 0 : at,
                arena_printf(arena, "names the location %s for one profile, and others have not", said.items[i]));
        }
    }
}

/* Settings for locations and ledger that are in a profile and not in the usual configuration: whether they apply
 * depends on how the program is started. */
static void read_profile(struct arena *arena, struct folder *folder, const struct source_file *file,
                         const struct flyway_source *source)
{
    static const char *const keys[] = {"table", "defaultSchema", "schemas", NULL};
    const struct ledger *const ledger = &folder->ledger;
    read_profile_locations(arena, folder, file, source);
    for (size_t i = 0; keys[i] != NULL; i++) {
        const char *const said = flyway_value_of(arena, file->content, source, keys[i]);
        const char *const known = i > 0                   ? (ledger->schema == NULL ? "public" : ledger->schema)
                                  : ledger->table == NULL ? "flyway_schema_history"
                                                          : ledger->table;
        const char *const one =
            said == NULL ? known : arena_strndup(arena, said, i == 0 ? strlen(said) : strcspn(said, ", "));
        if (strcmp(one, known) != 0) {
            folder->evidence = folder->evidence == NULL ? path_join(arena, folder->base, file->name) : folder->evidence;
            const size_t at = text_find(file->content, said, text_find(file->content, "flyway", 0));
            unread_ledger_because(arena, folder, *file, at == SIZE_MAX ? 0 : at,
                                  arena_printf(arena, "names %s for one profile, and others have %s", one, known));
        }
    }
}

static void read_spring_profile(struct arena *arena, struct folder *folder, const struct source_file *file, void *data)
{
    const bool is_yaml = spring_is_yaml(file->name);
    const struct flyway_source source = {.name = file->name,
                                         .section = is_yaml ? "spring.flyway" : NULL,
                                         .prefix = is_yaml ? "" : "spring.flyway.",
                                         .format = is_yaml ? SOURCE_YAML : SOURCE_KEYS};
    (void)data;
    if (text_find(file->content, "flyway", 0) != SIZE_MAX) {
        read_profile(arena, folder, file, &source);
    }
}

/* Quarkus has its profiles in the same file: "%prod.quarkus.flyway.locations=db/prod". */
static void read_quarkus_profiles(struct arena *arena, struct folder *folder)
{
    static const char key[] = ".quarkus.flyway.";
    struct flyway_source source = {.name = "src/main/resources/application.properties", .format = SOURCE_KEYS};
    struct source_file file = {.name = source.name};
    struct words seen = {0};
    struct text line;
    if (!folder_read(arena, folder, file.name, &file.content)) {
        return;
    }
    for (struct text rest = file.content; text_next_line(&rest, &line);) {
        line = text_trim(line);
        const size_t end = text_starts_with(line, "%") ? text_find(line, key, 0) : SIZE_MAX;
        if (end == SIZE_MAX) {
            continue;
        }
        source.prefix = arena_strndup(arena, line.data, end + strlen(key));
        if (!text_starts_with(line, "%test.") && !words_have(&seen, source.prefix)) {
            words_add(arena, &seen, source.prefix);
            read_profile(arena, folder, &file, &source);
        }
    }
}

void flyway_profiles_note(struct arena *arena, struct folder *folder)
{
    spring_profiles_each(arena, folder, read_spring_profile, NULL);
    read_quarkus_profiles(arena, folder);
}
