/*
 * Files next to the usual one, documents in it, and keys that begin with a profile.
 */
#include "framework/flyway/flyway_profiles.h"

#include "framework/core/spring_profiles.h"
#include "framework/flyway/flyway_settings.h"
#include "framework/flyway/flyway_source.h"
#include "framework/formats/spring.h"

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

/* A placeholder that a profile gives another value has none here: a script with it is refused, and not filled with what
 * is meant for another database. */
static void read_profile_placeholders(struct arena *arena, struct folder *folder, const struct source_file *file,
                                      const struct flyway_source *source)
{
    static const char key[] = "placeholders";
    struct flyway_settings *const settings = arena_alloc(arena, sizeof *settings);
    struct flyway_source inner = *source;
    *settings = *flyway_settings_of(folder);
    if (source->format == SOURCE_YAML) {
        inner.section = arena_printf(arena, "%s.%s", source->section, key);
    } else {
        inner.prefix = arena_printf(arena, "%s%s.", source->prefix, key);
    }
    struct config_pair *const pairs = arena_array(arena, settings->placeholder_count, sizeof *pairs);
    for (size_t i = 0; i < settings->placeholder_count; i++) {
        pairs[i] = settings->placeholders[i];
        const char *const said = flyway_value_of(arena, file->content, &inner, pairs[i].key);
        if (said != NULL && pairs[i].value != NULL && strcmp(said, pairs[i].value) != 0) {
            flyway_note(arena, settings,
                        arena_printf(arena,
                                     "%s gives the placeholder %s another value for one profile: a script that "
                                     "has it is refused.",
                                     file->name, pairs[i].key));
            pairs[i].value = NULL;
        }
    }
    settings->placeholders = pairs;
    folder->settings = settings;
}

/* What else a profile sets otherwise. */
static void read_profile_settings(struct arena *arena, struct folder *folder, const struct source_file *file,
                                  const struct flyway_source *source)
{
    static const struct {
        const char *key;
        bool is_of_files; /* which files are migrations, or how they are run */
    } keys[] = {
        {"outOfOrder", false},
        {"baselineOnMigrate", false},
        {"baselineVersion", false},
        {"validateOnMigrate", false},
        {"ignoreMigrationPatterns", false},
        {"group", false},
        {"mixed", false},
        {"target", true},
        {"initSql", true},
        {"initSqls", true},
        {"sqlMigrationPrefix", true},
        {"sqlMigrationSeparator", true},
        {"encoding", true},
        {"placeholderReplacement", true},
        {"executeInTransaction", true},
    };
    const struct flyway_settings *const usual = flyway_settings_of(folder);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *const said = flyway_value_of(arena, file->content, source, keys[i].key);
        const bool is_same =
            said == NULL || (strcmp(keys[i].key, "encoding") == 0 && flyway_is_utf8(said)) ||
            (strcmp(keys[i].key, "outOfOrder") == 0 && text_is_nocase(text_of(said), "true") == usual->is_out_of_order);
        if (is_same) {
            continue;
        }
        const size_t at = text_find(file->content, said, 0);
        if (keys[i].is_of_files) {
            folder->evidence = folder->evidence == NULL ? path_join(arena, folder->base, file->name) : folder->evidence;
            unread_folder_because(arena, folder, *file, at == SIZE_MAX ? 0 : at,
                                  arena_printf(arena, "sets %s for one profile", keys[i].key));
        } else {
            flyway_note_folder(
                arena, folder,
                arena_printf(arena, "%s sets %s for one profile, which does not count here.", file->name, keys[i].key));
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
    read_profile_placeholders(arena, folder, file, source);
    read_profile_settings(arena, folder, file, source);
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
    read_profile(arena, folder, file, &source);
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
        if (text_starts_with(line, "%test.") || words_have(&seen, source.prefix)) {
            continue;
        }
        if (seen.count == spring_most_profiles(file.content.size)) {
            unread_folder_because(arena, folder, file, (size_t)(line.data - file.content.data),
                                  "has more profiles than are read");
            return;
        }
        words_add(arena, &seen, source.prefix);
        read_profile(arena, folder, &file, &source);
    }
}

void flyway_profiles_note(struct arena *arena, struct folder *folder)
{
    spring_profiles_each(arena, folder, "flyway", read_spring_profile, NULL);
    read_quarkus_profiles(arena, folder);
}
