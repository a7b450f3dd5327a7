/*
 * Where Flyway's settings stand: its own files, Spring's, Maven's and Gradle's. Keys are the same in all of them, but
 * for Spring's hyphens.
 */
#include "framework/flyway/flyway_settings.h"

#include "framework/core/data_sources.h"
#include "framework/core/listing.h"
#include "framework/core/unread.h"
#include "framework/flyway/flyway_environment.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define MOST_ENVIRONMENTS 64 /* of flyway.toml: all of the file is read for each */

const struct flyway_settings flyway_usual = {
    .prefix = "V",
    .repeatable_prefix = "R",
    .separator = "__",
    .suffixes = (const char *const[]){".sql", NULL},
    .locations = (const char *const[]){NULL},
    .placeholder_prefix = "${",
    .placeholder_suffix = "}",
    .replaces = true,
};

const struct flyway_settings *flyway_settings_of(const struct folder *folder)
{
    return folder->settings == NULL ? &flyway_usual : folder->settings;
}

enum source_format {
    SOURCE_KEYS, /* config.h */
    SOURCE_YAML, /* below a path of keys, which stands in place of a section */
    SOURCE_POM,  /* elements behind the plugin's name */
};

/* A configuration file: where its keys are. */
struct source {
    const char *name;
    const char *section; /* of a TOML file, or "spring.flyway" of one in YAML */
    const char *prefix;  /* "flyway." */
    enum source_format format;
    const char *begins; /* what is read begins with this; NULL: all */
};

/* "default-schema" of "defaultSchema", as Spring writes it. */
static const char *kebab(struct arena *arena, const char *key)
{
    struct buffer name = {.arena = arena};
    for (const char *c = key; *c != '\0'; c++) {
        buffer_puts(&name, isupper((unsigned char)*c) != 0 ? "-" : "");
        buffer_putc(&name, (char)tolower((unsigned char)*c));
    }
    return buffer_string(&name);
}

#define MOST_KEYS 4 /* of a path into YAML */

/* The path of a key of a source in YAML: "spring", "flyway", key, NULL. */
static void yaml_path(struct arena *arena, const struct source *source, const char *key,
                      const char *path[MOST_KEYS + 2])
{
    size_t count = 0;
    for (const char *rest = source->section; *rest != '\0' && count < MOST_KEYS;) {
        const size_t size = strcspn(rest, ".");
        path[count++] = arena_strndup(arena, rest, size);
        rest += size + (rest[size] == '.' ? 1 : 0);
    }
    path[count] = key;
    path[count + 1] = NULL;
}

/* What is between <key> and </key>, from *at on; NULL: nothing. */
static const char *element(struct arena *arena, struct text content, const char *key, size_t *at)
{
    const char *const tag = arena_printf(arena, "<%s>", key);
    const size_t start = text_find(content, tag, *at);
    const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(content, arena_printf(arena, "</%s>", key), start);
    if (end == SIZE_MAX) {
        return NULL;
    }
    const struct text value = text_trim(text_slice(content, start + strlen(tag), end));
    *at = end;
    return value.size == 0 ? NULL : arena_strndup(arena, value.data, value.size);
}

static const char *value_as(struct arena *arena, struct text content, const struct source *source, const char *key)
{
    size_t at = 0;
    const char *path[MOST_KEYS + 2];
    if (source->format == SOURCE_YAML) {
        yaml_path(arena, source, key, path);
        return config_yaml(arena, content, path);
    }
    return source->format == SOURCE_POM
               ? element(arena, content, key, &at)
               : config_value(arena, content, source->section, arena_printf(arena, "%s%s", source->prefix, key));
}

static const char *value_of(struct arena *arena, struct text content, const struct source *source, const char *key)
{
    const char *const value = value_as(arena, content, source, key);
    return value != NULL ? value : value_as(arena, content, source, kebab(arena, key));
}

/* Every location that is written there. */
static struct words locations_of(struct arena *arena, struct text content, const struct source *source)
{
    struct words locations = {0};
    size_t at = 0;
    if (source->format == SOURCE_YAML) {
        const char *path[MOST_KEYS + 2];
        yaml_path(arena, source, "locations", path);
        return config_yaml_list(arena, content, path);
    }
    if (source->format == SOURCE_KEYS) {
        return config_list(arena, content, source->section, arena_printf(arena, "%slocations", source->prefix), ",");
    }
    for (const char *one; (one = element(arena, content, "location", &at)) != NULL;) {
        words_add(arena, &locations, one);
    }
    return locations;
}

static void set(const char **place, const char *value)
{
    *place = value == NULL ? *place : value;
}

/* A location relative to the project; NULL, and why in folder->unread, where it is none. */
static const char *location_of(struct arena *arena, struct folder *folder, const char *said,
                               const struct source_file *file)
{
    static const char filesystem[] = "filesystem:";
    static const char classpath[] = "classpath:";
    static const char vendor[] = "{vendor}"; /* Spring's */
    const bool is_classpath = text_starts_with(text_of(said), classpath) || strchr(said, ':') == NULL;
    const char *path = said;
    path += text_starts_with(text_of(said), filesystem) ? strlen(filesystem) : 0;
    path += text_starts_with(text_of(said), classpath) ? strlen(classpath) : 0;
    path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    path += is_classpath && path[0] == '/' ? 1 : 0;
    const char *const at = strstr(path, vendor);
    if (at != NULL) {
        path = arena_printf(arena, "%.*spostgresql%s", (int)(at - path), path, at + strlen(vendor));
    }
    if (strpbrk(path, "*?:(") != NULL || unread_is_computed(path) || (path[0] == '/' && !is_classpath)) {
        const size_t offset = text_find(file->content, said, 0);
        unread_folder_because(arena, folder, *file, offset == SIZE_MAX ? 0 : offset,
                              arena_printf(arena, "names the location %s, which only flyway itself can find", said));
        return NULL;
    }
    const bool is_there =
        file_look(path_join(arena, path_join(arena, folder->root, folder->base), path), NULL) == FILE_DIRECTORY;
    return path_join(arena, folder->base,
                     is_classpath && !(strchr(said, ':') == NULL && is_there) ? path_join(arena, FLYWAY_RESOURCES, path)
                                                                              : path);
}

/* "filesystem:sql,classpath:db/migration", or a list. */
static const char *const *read_locations(struct arena *arena, struct folder *folder, const struct source_file *file,
                                         const struct source *source)
{
    const struct words said = locations_of(arena, file->content, source);
    struct words known = {0};
    for (size_t i = 0; i < said.count; i++) {
        const char *const location = location_of(arena, folder, said.items[i], file);
        if (location != NULL) {
            words_add(arena, &known, location);
        }
    }
    return words_list(arena, &known);
}

static const struct habits out_of_order = {
    .late = LATE_RUNS,
    .late_note = "flyway runs it: its configuration says outOfOrder.",
    .edited_blocks = true,
    .edited_note = "flyway stops at it (\"Migration checksum mismatch\"), until `flyway repair`.",
    .missing_blocks = true,
    .missing_note = "flyway stops at it (\"Detected applied migration not resolved locally\").",
};

/* What its own tool does and we do not. */
static const char *setting_for_tool(struct arena *arena, struct text content, const struct source *source)
{
    static const char *const keys[] = {"callbacks", "callbackLocations", "resolvers", "initSql", "cherryPick", NULL};
    size_t i = 0;
    while (keys[i] != NULL && value_of(arena, content, source, keys[i]) == NULL) {
        i++;
    }
    return keys[i] == NULL ? NULL
                           : arena_printf(arena, "%s says %s, which only flyway itself follows", source->name, keys[i]);
}

/* Names of the ledger; one that is computed is told. */
static const char *ledger_name(struct arena *arena, struct folder *folder, struct text content,
                               const struct source *source, const char *key)
{
    const char *const name = value_of(arena, content, source, key);
    const size_t at = name != NULL && unread_is_computed(name) ? text_find(content, name, 0) : SIZE_MAX;
    unread_ledger(arena, folder, (struct source_file){source->name, content}, at, key);
    return name;
}

static void read_ledger(struct arena *arena, struct folder *folder, struct text content, const struct source *source)
{
    folder->ledger.table = ledger_name(arena, folder, content, source, "table");
    folder->ledger.schema = ledger_name(arena, folder, content, source, "defaultSchema");
    const char *const schemas =
        folder->ledger.schema != NULL ? NULL : ledger_name(arena, folder, content, source, "schemas");
    if (schemas != NULL) {
        folder->ledger.schema = arena_strndup(arena, schemas, strcspn(schemas, ", "));
    }
}

static void read_names(struct arena *arena, struct text content, const struct source *source,
                       struct flyway_settings *settings)
{
    const char *const suffixes = arena_printf(arena, "%ssqlMigrationSuffixes", source->prefix);
    struct words said = {0};
    if (source->format == SOURCE_KEYS) {
        said = config_list(arena, content, source->section, suffixes, ",");
    }
    settings->suffixes = said.count == 0 ? settings->suffixes : words_list(arena, &said);
    set(&settings->prefix, value_of(arena, content, source, "sqlMigrationPrefix"));
    set(&settings->repeatable_prefix, value_of(arena, content, source, "repeatableSqlMigrationPrefix"));
    set(&settings->separator, value_of(arena, content, source, "sqlMigrationSeparator"));
    set(&settings->placeholder_prefix, value_of(arena, content, source, "placeholderPrefix"));
    set(&settings->placeholder_suffix, value_of(arena, content, source, "placeholderSuffix"));
    set(&settings->installed_by, value_of(arena, content, source, "installedBy"));
}

static void read_settings(struct arena *arena, struct folder *folder, struct text content, const struct source *source)
{
    struct flyway_settings *const settings = arena_alloc(arena, sizeof *settings);
    *settings = flyway_usual;
    const char *const replaces = value_of(arena, content, source, "placeholderReplacement");
    const char *const order = value_of(arena, content, source, "outOfOrder");
    settings->locations = read_locations(arena, folder, &(const struct source_file){source->name, content}, source);
    read_names(arena, content, source, settings);
    const char *const skips = value_of(arena, content, source, "skipDefaultCallbacks");
    settings->needs_tool = setting_for_tool(arena, content, source);
    settings->skips_callbacks = skips != NULL && strcmp(skips, "true") == 0;
    settings->replaces = replaces == NULL || strcmp(replaces, "false") != 0;
    settings->placeholders =
        config_pairs(arena, content, source->format == SOURCE_YAML ? NULL : source->section,
                     arena_printf(arena, "%splaceholders.", source->prefix), &settings->placeholder_count);
    folder->settings = settings;
    folder->habits = order != NULL && strcmp(order, "true") == 0 ? &out_of_order : NULL;
    read_ledger(arena, folder, content, source);
    folder->path = settings->locations[0];
}

/* The content without what stands in front of this offset, with all its lines. */
static struct text blanked(struct arena *arena, struct text content, size_t at)
{
    char *const copy = arena_strndup(arena, content.data, content.size);
    for (size_t i = 0; i < at; i++) {
        copy[i] = copy[i] == '\n' ? '\n' : ' ';
    }
    return (struct text){copy, content.size};
}

/* The first schema of a list of flyway.toml; NULL: none. */
static const char *first_schema(struct arena *arena, struct text content, const char *section)
{
    const struct words schemas = config_list(arena, content, section, "schemas", ",");
    return schemas.count == 0 ? NULL : schemas.items[0];
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a == NULL ? "public" : a, b == NULL ? "public" : b) == 0;
}

/* The environments of flyway.toml have schemas. The one that counts is named in the file or by a command, so several
 * that differ are a question. */
static void read_environments(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    static const char opening[] = "[environments.";
    const char *const named = config_value(arena, file->content, "flyway", "environment");
    const char *schema = NULL;
    size_t count = 0;
    for (size_t at = 0; (at = text_find(file->content, opening, at)) != SIZE_MAX;) {
        const size_t start = at++;
        const struct text rest = text_slice(file->content, start + 1, file->content.size);
        const struct text section = text_slice(rest, 0, text_find(rest, "]", 0));
        const struct text name = text_slice(section, strlen(opening) - 1, section.size);
        if ((start > 0 && file->content.data[start - 1] != '\n') || memchr(name.data, '.', name.size) != NULL ||
            (named != NULL && !text_is(name, named))) {
            continue;
        }
        if (count == MOST_ENVIRONMENTS) {
            unread_ledger_because(arena, folder, *file, start, "has more environments than are read");
            break;
        }
        const char *const one = first_schema(arena, file->content, arena_strndup(arena, section.data, section.size));
        if (count++ > 0 && !is_same(one, schema)) {
            unread_ledger_because(arena, folder, *file, start,
                                  arena_printf(arena, "has the schema %s, and another environment %s",
                                               one == NULL ? "public" : one, schema == NULL ? "public" : schema));
        }
        schema = one;
    }
    folder->ledger.schema = schema;
}

/* Locations that a profile names and the usual configuration does not. */
static void read_profile_locations(struct arena *arena, struct folder *folder, const struct source_file *file,
                                   const struct source *source)
{
    const struct flyway_settings *const settings = folder->settings;
    const struct words said = locations_of(arena, file->content, source);
    struct folder tried = *folder; /* what it computes is a question of its own only where that profile counts */
    tried.unread = NULL;
    const char *const usual = path_join(arena, folder->base, path_join(arena, FLYWAY_RESOURCES, "db/migration"));
    for (size_t i = 0; i < said.count; i++) {
        const char *const location = location_of(arena, &tried, said.items[i], file);
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

/* What a profile says of locations and ledger and the usual configuration does not: whether it counts is up to how the
 * program is started. */
static void read_profile(struct arena *arena, struct folder *folder, const struct source_file *file,
                         const struct source *source)
{
    static const char *const keys[] = {"table", "defaultSchema", "schemas", NULL};
    const struct ledger *const ledger = &folder->ledger;
    read_profile_locations(arena, folder, file, source);
    for (size_t i = 0; keys[i] != NULL; i++) {
        const char *const said = value_of(arena, file->content, source, keys[i]);
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

/* A file of Spring's for one profile. */
static void read_spring_profile(struct arena *arena, struct folder *folder, const char *name)
{
    const bool is_yaml = !text_ends_with(text_of(name), ".properties");
    const struct source source = {.name = name,
                                  .section = is_yaml ? "spring.flyway" : NULL,
                                  .prefix = is_yaml ? "" : "spring.flyway.",
                                  .format = is_yaml ? SOURCE_YAML : SOURCE_KEYS};
    struct source_file file = {.name = name};
    if (folder_read(arena, folder, name, &file.content) &&
        text_find(file.content, is_yaml ? "flyway:" : "spring.flyway.", 0) != SIZE_MAX) {
        read_profile(arena, folder, &file, &source);
    }
}

/* Quarkus has its profiles in the same file: "%prod.quarkus.flyway.locations=db/prod". */
static void read_quarkus_profiles(struct arena *arena, struct folder *folder)
{
    static const char key[] = ".quarkus.flyway.";
    struct source source = {.name = "src/main/resources/application.properties", .format = SOURCE_KEYS};
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

static void read_profiles(struct arena *arena, struct folder *folder)
{
    static const char directory[] = "src/main/resources";
    const char *const whole = path_join(arena, path_join(arena, folder->root, folder->base), directory);
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    if (file_look(whole, NULL) != FILE_DIRECTORY || !directory_list(arena, whole, &list, &unread)) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct text name = text_of(list.entries[i].name);
        const bool is_read =
            text_ends_with(name, ".yml") || text_ends_with(name, ".yaml") || text_ends_with(name, ".properties");
        if (is_read && text_starts_with(name, "application-") && !text_starts_with(name, "application-test.")) {
            read_spring_profile(arena, folder, path_join(arena, directory, list.entries[i].name));
        }
    }
}

#define RESOURCES "src/main/resources/"

static const struct source usual_sources[] = {
    {"flyway.conf", NULL, "flyway.", SOURCE_KEYS, NULL},
    {"conf/flyway.conf", NULL, "flyway.", SOURCE_KEYS, NULL},
    {"flyway.toml", "flyway", "", SOURCE_KEYS, NULL},
    {"conf/flyway.toml", "flyway", "", SOURCE_KEYS, NULL},
    {RESOURCES "application.properties", NULL, "spring.flyway.", SOURCE_KEYS, "spring.flyway"},
    {RESOURCES "application.properties", NULL, "quarkus.flyway.", SOURCE_KEYS, "quarkus.flyway."},
    {RESOURCES "application.properties", NULL, "flyway.datasources.default.", SOURCE_KEYS, "flyway.datasources."},
    {RESOURCES "application.yml", "quarkus.flyway", "", SOURCE_YAML, "quarkus:"},
    {RESOURCES "application.yaml", "quarkus.flyway", "", SOURCE_YAML, "quarkus:"},
    {RESOURCES "application.yml", "flyway.datasources.default", "", SOURCE_YAML, "\nflyway:"},
    {RESOURCES "application.yaml", "flyway.datasources.default", "", SOURCE_YAML, "\nflyway:"},
    {RESOURCES "application.yml", "spring.flyway", "", SOURCE_YAML, "flyway:"},
    {RESOURCES "application.yaml", "spring.flyway", "", SOURCE_YAML, "flyway:"},
    {"pom.xml", NULL, "", SOURCE_POM, "flyway-maven-plugin"},
    {"build.gradle", NULL, "", SOURCE_KEYS, "flyway {"},
    {"build.gradle.kts", NULL, "", SOURCE_KEYS, "flyway {"},
};

/* Reads the file of a source where it speaks of Flyway. flyway.toml is followed by what flyway.user.toml changes. */
static bool read_source(struct arena *arena, const struct folder *folder, const struct source *source,
                        struct text *content)
{
    struct text users;
    const char *const begins = source->begins;
    if (!folder_read(arena, folder, source->name, content)) {
        return false;
    }
    if (text_ends_with(text_of(source->name), "flyway.toml") &&
        folder_read(arena, folder,
                    arena_printf(arena, "%.*suser.toml", (int)(strlen(source->name) - strlen("toml")), source->name),
                    &users)) {
        *content =
            text_of(arena_printf(arena, "%.*s\n%.*s", (int)content->size, content->data, (int)users.size, users.data));
    }
    const struct text lines =
        begins != NULL && begins[0] == '\n' && text_starts_with(*content, begins + 1) ? text_of("\nflyway:") : *content;
    return text_find(lines, begins == NULL ? "flyway" : begins, 0) != SIZE_MAX &&
           (source->format != SOURCE_YAML || text_find(*content, "flyway:", 0) != SIZE_MAX);
}

static bool read_usual(struct arena *arena, struct folder *folder)
{
    for (size_t i = 0; i < sizeof usual_sources / sizeof usual_sources[0]; i++) {
        const struct source *const source = &usual_sources[i];
        struct text content;
        if (read_source(arena, folder, source, &content)) {
            const bool is_behind = source->format == SOURCE_POM || strncmp(source->name, "build", 5) == 0;
            const size_t at = is_behind ? text_find(content, source->begins, 0) : 0;
            folder->evidence = path_join(arena, folder->base, source->name);
            content = flyway_environment_beside(arena, folder, source->name, blanked(arena, content, at));
            read_settings(arena, folder, content, source);
            if (text_ends_with(text_of(source->name), ".toml") && folder->ledger.schema == NULL) {
                read_environments(arena, folder, &(const struct source_file){source->name, content});
            }
            return true;
        }
    }
    const struct text environment = flyway_environment(arena, folder);
    if (environment.size > 0) {
        folder->evidence = "the environment";
        read_settings(arena, folder, environment,
                      &(const struct source){"the environment", NULL, "flyway.", SOURCE_KEYS, NULL});
    }
    return environment.size > 0;
}

bool flyway_configure(struct arena *arena, struct folder *folder)
{
    const bool is_read = read_usual(arena, folder);
    read_profiles(arena, folder);
    read_quarkus_profiles(arena, folder);
    data_sources_note(arena, folder, "flyway");
    return is_read || folder->unread_ledger != NULL || folder->unread != NULL;
}
