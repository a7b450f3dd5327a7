/*
 * Where Flyway's settings can be: its own files, Spring's, Maven's and Gradle's. The keys are the same in all of them,
 * except for Spring's hyphens.
 */
#include "framework/flyway/flyway_configure.h"

#include "framework/core/data_sources.h"
#include "framework/core/listing.h"
#include "framework/core/unread.h"
#include "framework/flyway/flyway_environment.h"
#include "framework/flyway/flyway_profiles.h"
#include "framework/flyway/flyway_settings.h"
#include "framework/flyway/flyway_source.h"
#include "framework/formats/config.h"
#include "framework/formats/spring.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define MOST_ENVIRONMENTS 64 /* in flyway.toml: the whole file is read for each */

static void set(const char **place, const char *value)
{
    *place = value == NULL ? *place : value;
}

/* "filesystem:sql,classpath:db/migration", or a list. */
static const char *const *read_locations(struct arena *arena, struct folder *folder, const struct source_file *file,
                                         const struct flyway_source *source)
{
    const struct words said = flyway_list_of(arena, file->content, source, "locations", "location");
    struct words known = {0};
    for (size_t i = 0; i < said.count; i++) {
        const char *const location = flyway_location_of(arena, folder, said.items[i], file);
        if (location != NULL) {
            words_add(arena, &known, location);
        }
    }
    return words_list(arena, &known);
}

static bool says(struct arena *arena, struct text content, const struct flyway_source *source, const char *key,
                 const char *value)
{
    const char *const said = flyway_value_of(arena, content, source, key);
    return said != NULL && text_is_nocase(text_of(said), value);
}

/* Do the patterns ignore migrations of this type in this state (ValidatePatternUtils.java)? "*:missing" is for all
 * types. */
static bool ignores(const struct words *patterns, const char *type, const char *state)
{
    bool is = false;
    for (size_t i = 0; i < patterns->count; i++) {
        const char *const item = patterns->items[i];
        const char *const colon = strchr(item, ':');
        const struct text types = text_trim((struct text){item, strcspn(item, ":")});
        const struct text states = text_trim(text_of(colon == NULL ? NULL : colon + 1));
        is = is || ((text_is(types, "*") || text_is_nocase(types, type)) &&
                    (text_is(states, "*") || text_is_nocase(states, state)));
    }
    return is;
}

/* Sets a flag that the source says. */
static void read_flag(struct arena *arena, struct text content, const struct flyway_source *source, const char *key,
                      bool *flag)
{
    const char *const said = flyway_value_of(arena, content, source, key);
    *flag = said == NULL ? *flag : text_is_nocase(text_of(said), "true");
}

/* What flyway does with an irregular history, if that is not what it does by default. */
static void settle_habits(struct arena *arena, struct folder *folder, const struct flyway_settings *settings)
{
    const bool is_ordered = !settings->is_out_of_order;
    if (settings->validates && is_ordered && !settings->ignores_ignored) {
        folder->habits = NULL;
        return;
    }
    struct habits *const habits = arena_alloc(arena, sizeof *habits);
    *habits = folder->framework->habits;
    habits->late = is_ordered ? LATE_SKIPPED : LATE_RUNS;
    habits->late_note = is_ordered ? "flyway passes over it: it is older than the last one applied, and the "
                                     "configuration says that this is not an error."
                                   : "flyway runs it: its configuration says outOfOrder.";
    if (!settings->validates) {
        habits->edited_blocks = false;
        habits->edited_note = "flyway migrate goes on: its configuration says validateOnMigrate=false.";
        habits->missing_blocks = false;
        habits->missing_note = "flyway migrate goes on: its configuration says validateOnMigrate=false.";
    }
    folder->habits = habits;
}

/* What validation, with which each `migrate` begins, stops at. */
static void read_validation(struct arena *arena, struct text content, const struct flyway_source *source,
                            struct flyway_settings *settings)
{
    const struct words patterns =
        flyway_list_of(arena, content, source, "ignoreMigrationPatterns", "ignoreMigrationPattern");
    read_flag(arena, content, source, "validateOnMigrate", &settings->validates);
    read_flag(arena, content, source, "outOfOrder", &settings->is_out_of_order);
    read_flag(arena, content, source, "ignoreIgnoredMigrations", &settings->ignores_ignored);
    read_flag(arena, content, source, "ignoreFutureMigrations", &settings->ignores_future);
    read_flag(arena, content, source, "ignoreMissingMigrations", &settings->ignores_missing);
    if (patterns.count > 0) {
        settings->ignores_ignored = settings->ignores_ignored || ignores(&patterns, "versioned", "ignored");
        settings->ignores_future = ignores(&patterns, "versioned", "future");
        settings->ignores_missing = settings->ignores_missing || ignores(&patterns, "versioned", "missing");
        settings->ignores_missing_repeatable = ignores(&patterns, "repeatable", "missing");
    }
}

/* A setting that only its own tool can follow. */
static const char *setting_for_tool(struct arena *arena, struct text content, const struct flyway_source *source)
{
    static const struct {
        const char *key;
        const char *usual; /* NULL: none */
    } settings[] = {
        {"callbacks", NULL},
        {"callbackLocations", NULL},
        {"resolvers", NULL},
        {"initSql", NULL},
        {"initSqls", NULL}, /* Spring's */
        {"errorOverrides", NULL},
        {"cherryPick", NULL},
        {"target", "latest"},
        {"dryRunOutput", NULL},
        {"encoding", "UTF-8"},
        {"skipExecutingMigrations", "false"},
        {"skipDefaultResolvers", "false"},
        {"placeholderSeparator", ":"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const char *const value = flyway_value_of(arena, content, source, settings[i].key);
        const bool is_utf8 = strcmp(settings[i].key, "encoding") == 0 && value != NULL && flyway_is_utf8(value);
        const bool is_usual =
            value == NULL || is_utf8 ||
            (settings[i].usual != NULL && (text_is_nocase(text_of(value), settings[i].usual) ||
                                           strstr(value, "ourceEncoding}") != NULL)); /* Maven's, UTF-8 */
        if (!is_usual) {
            return arena_printf(arena, "%s says %s, which only flyway itself follows", source->name, settings[i].key);
        }
    }
    return NULL;
}

/* Names of the ledger; if one is computed, that is noted. */
static const char *ledger_name(struct arena *arena, struct folder *folder, struct text content,
                               const struct flyway_source *source, const char *key)
{
    const char *const name = flyway_value_of(arena, content, source, key);
    const size_t at = name != NULL && config_is_computed(name) ? text_find(content, name, 0) : SIZE_MAX;
    unread_ledger(arena, folder, (struct source_file){source->name, content}, at, key);
    return name;
}

static void read_ledger(struct arena *arena, struct folder *folder, struct text content,
                        const struct flyway_source *source)
{
    folder->ledger.table = ledger_name(arena, folder, content, source, "table");
    folder->ledger.schema = ledger_name(arena, folder, content, source, "defaultSchema");
    const char *const schemas =
        folder->ledger.schema != NULL ? NULL : ledger_name(arena, folder, content, source, "schemas");
    if (schemas != NULL) {
        folder->ledger.schema = arena_strndup(arena, schemas, strcspn(schemas, ", "));
    }
}

static void read_names(struct arena *arena, struct text content, const struct flyway_source *source,
                       struct flyway_settings *settings)
{
    struct words said = flyway_list_of(arena, content, source, "sqlMigrationSuffixes", "sqlMigrationSuffix");
    settings->suffixes = said.count == 0 ? settings->suffixes : words_list(arena, &said);
    set(&settings->prefix, flyway_value_of(arena, content, source, "sqlMigrationPrefix"));
    set(&settings->prefix, flyway_is_empty(arena, content, source, "sqlMigrationPrefix") ? "" : NULL);
    set(&settings->repeatable_prefix, flyway_value_of(arena, content, source, "repeatableSqlMigrationPrefix"));
    set(&settings->baseline_prefix, flyway_value_of(arena, content, source, "baselineMigrationPrefix"));
    set(&settings->separator, flyway_value_of(arena, content, source, "sqlMigrationSeparator"));
    set(&settings->placeholder_prefix, flyway_value_of(arena, content, source, "placeholderPrefix"));
    set(&settings->placeholder_suffix, flyway_value_of(arena, content, source, "placeholderSuffix"));
    set(&settings->installed_by, flyway_value_of(arena, content, source, "installedBy"));
}

/* Flyway's own default is version 1. One source may say that there is a baseline, and another one its version. */
static void read_baseline(struct arena *arena, struct folder *folder, struct text content,
                          const struct flyway_source *source, struct flyway_settings *settings)
{
    bool is_made = settings->baseline != NULL;
    const char *const version = flyway_value_of(arena, content, source, "baselineVersion");
    const bool is_said = flyway_value_of(arena, content, source, "baselineOnMigrate") != NULL;
    read_flag(arena, content, source, "baselineOnMigrate", &is_made);
    set(&settings->version, version);
    settings->baseline = !is_made ? NULL : settings->version == NULL ? "1" : settings->version;
    if (!is_made) {
        folder->baseline = NULL;
    } else if (is_said || version != NULL) {
        folder->baseline =
            arena_printf(arena, "%s says %s, with which flyway records a baseline of version %s", source->name,
                         is_said ? "baselineOnMigrate" : "baselineVersion", settings->baseline);
    }
}

/* Settings that change what a run does and that ours does not follow. */
static void note_others(struct arena *arena, struct text content, const struct flyway_source *source,
                        struct flyway_settings *settings)
{
    const struct words schemas = flyway_list_of(arena, content, source, "schemas", "schema");
    if (schemas.count > 1 && !says(arena, content, source, "createSchemas", "false")) {
        flyway_note(
            arena, settings,
            arena_printf(arena,
                         "%s names several schemas (%s), which flyway makes if they are missing: only the one of "
                         "the tracking table is made here.",
                         source->name, words_joined(arena, &schemas)));
    }
    if (flyway_value_of(arena, content, source, "tablespace") != NULL) {
        flyway_note(arena, settings,
                    arena_printf(arena,
                                 "%s says tablespace: flyway makes its table in that one, and Truss in the usual one.",
                                 source->name));
    }
    if (says(arena, content, source, "group", "true")) {
        flyway_note(
            arena, settings,
            arena_printf(arena,
                         "%s says group: flyway runs all that is pending in one transaction; `--transaction all` "
                         "does so here.",
                         source->name));
    }
}

void flyway_settings_add(struct arena *arena, struct folder *folder, struct text content,
                         const struct flyway_source *source)
{
    struct flyway_settings *const settings = arena_alloc(arena, sizeof *settings);
    size_t placeholders = 0;
    *settings = *flyway_settings_of(folder);
    read_names(arena, content, source, settings);
    settings->needs_tool =
        settings->needs_tool != NULL ? settings->needs_tool : setting_for_tool(arena, content, source);
    read_baseline(arena, folder, content, source, settings);
    read_flag(arena, content, source, "skipDefaultCallbacks", &settings->skips_callbacks);
    read_flag(arena, content, source, "placeholderReplacement", &settings->replaces);
    read_flag(arena, content, source, "mixed", &settings->is_mixed);
    read_flag(arena, content, source, "failOnMissingLocations", &settings->needs_locations);
    read_flag(arena, content, source, "validateMigrationNaming", &settings->validates_names);
    bool is_together = !settings->is_alone;
    read_flag(arena, content, source, "executeInTransaction", &is_together);
    settings->is_alone = !is_together;
    const struct config_pair *const pairs = flyway_placeholders_of(arena, content, source, &placeholders);
    if (placeholders > 0) {
        settings->placeholders = pairs;
        settings->placeholder_count = placeholders;
    }
    read_validation(arena, content, source, settings);
    note_others(arena, content, source, settings);
    settle_habits(arena, folder, settings);
    folder->settings = settings;
}

static void read_settings(struct arena *arena, struct folder *folder, struct text content,
                          const struct flyway_source *source)
{
    struct flyway_settings *const settings = arena_alloc(arena, sizeof *settings);
    *settings = flyway_usual;
    settings->locations = read_locations(arena, folder, &(const struct source_file){source->name, content}, source);
    folder->settings = settings;
    flyway_settings_add(arena, folder, content, source);
    read_ledger(arena, folder, content, source);
    folder->path = settings->locations[0];
    folder->others = folder->path == NULL ? NULL : settings->locations + 1;
}

/* The offset after Flyway's element of a POM, or its block in Gradle, that begins at this offset. */
static size_t behind_own(struct text content, size_t at, enum source_format format)
{
    char quote = '\0';
    int depth = 0;
    if (format == SOURCE_POM) {
        const size_t end = text_find(content, "</plugin>", at);
        return end == SIZE_MAX ? content.size : end;
    }
    for (size_t i = at; i < content.size; i++) {
        const char c = content.data[i];
        if (quote != '\0' || c == '\'' || c == '"') {
            quote = quote == '\0' ? c : c == quote || c == '\n' ? '\0' : quote;
            continue;
        }
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        if (c == '}' && depth <= 0) {
            return i + 1;
        }
    }
    return content.size;
}

/* The content with everything else replaced by blanks, and all its lines kept: other plugins have a <target> and a
 * table, too. */
static struct text of_flyway(struct arena *arena, struct text content, const struct flyway_source *source)
{
    char *const copy = arena_strndup(arena, content.data, content.size);
    for (size_t at = 0; at < content.size;) {
        const size_t found = text_find(content, source->begins, at);
        const size_t start = found == SIZE_MAX ? content.size : found;
        text_blank(copy + at, start - at);
        at = start == content.size ? start : behind_own(content, start, source->format);
    }
    return (struct text){copy, content.size};
}

/* The first schema of a list in flyway.toml; NULL: none. */
static const char *first_schema(struct arena *arena, struct text content, const char *section)
{
    const struct words schemas = config_list(arena, content, section, "schemas", ",");
    return schemas.count == 0 ? NULL : schemas.items[0];
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a == NULL ? "public" : a, b == NULL ? "public" : b) == 0;
}

/* The environments of flyway.toml have schemas. Which environment counts is said in the file or by a command, so if
 * several differ, the user is asked. */
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

static const struct flyway_source usual_sources[] = {
    /* Beside a TOML file the others do not count (ConfigurationManagerImpl.java). */
    {"flyway.toml", "flyway", "", SOURCE_KEYS, NULL},
    {"conf/flyway.toml", "flyway", "", SOURCE_KEYS, NULL},
    {"flyway.conf", NULL, "flyway.", SOURCE_KEYS, NULL},
    {"conf/flyway.conf", NULL, "flyway.", SOURCE_KEYS, NULL},
    {FLYWAY_RESOURCES "config/application.properties", NULL, "spring.flyway.", SOURCE_KEYS, "spring.flyway"},
    {FLYWAY_RESOURCES "config/application.yml", "spring.flyway", "", SOURCE_YAML, "flyway"},
    {FLYWAY_RESOURCES "config/application.yaml", "spring.flyway", "", SOURCE_YAML, "flyway"},
    {FLYWAY_RESOURCES "application.properties", NULL, "spring.flyway.", SOURCE_KEYS, "spring.flyway"},
    {FLYWAY_RESOURCES "application.properties", NULL, "quarkus.flyway.", SOURCE_KEYS, "quarkus.flyway."},
    {FLYWAY_RESOURCES "application.properties", NULL, "flyway.datasources.default.", SOURCE_KEYS,
     "flyway.datasources."},
    {FLYWAY_RESOURCES "application.yml", "quarkus.flyway", "", SOURCE_YAML, "quarkus:"},
    {FLYWAY_RESOURCES "application.yaml", "quarkus.flyway", "", SOURCE_YAML, "quarkus:"},
    {FLYWAY_RESOURCES "application.yml", "flyway.datasources.default", "", SOURCE_YAML, "\nflyway:"},
    {FLYWAY_RESOURCES "application.yaml", "flyway.datasources.default", "", SOURCE_YAML, "\nflyway:"},
    {FLYWAY_RESOURCES "application.yml", "spring.flyway", "", SOURCE_YAML, "flyway"},
    {FLYWAY_RESOURCES "application.yaml", "spring.flyway", "", SOURCE_YAML, "flyway"},
    {"pom.xml", NULL, "", SOURCE_POM, "flyway-maven-plugin"},
    {"build.gradle", NULL, "", SOURCE_KEYS, "flyway {"},
    {"build.gradle.kts", NULL, "", SOURCE_KEYS, "flyway {"},
};

/* Reads the file of a source if it has settings of Flyway. After flyway.toml come the changes in flyway.user.toml. */
static bool read_source(struct arena *arena, const struct folder *folder, const struct flyway_source *source,
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
           (source->format != SOURCE_YAML || text_find(*content, "flyway", 0) != SIZE_MAX);
}

static bool read_usual(struct arena *arena, struct folder *folder)
{
    for (size_t i = 0; i < sizeof usual_sources / sizeof usual_sources[0]; i++) {
        const struct flyway_source *const source = &usual_sources[i];
        struct text content;
        if (read_source(arena, folder, source, &content)) {
            const bool is_behind = source->format == SOURCE_POM || strncmp(source->name, "build", 5) == 0;
            folder->evidence = path_join(arena, folder->base, source->name);
            content = is_behind ? of_flyway(arena, content, source) : spring_usual(arena, content);
            content = flyway_environment_beside(arena, folder, source->name, content);
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
                      &(const struct flyway_source){"the environment", NULL, "flyway.", SOURCE_KEYS, NULL});
    }
    return environment.size > 0;
}

bool flyway_configure(struct arena *arena, struct folder *folder)
{
    const bool is_read = read_usual(arena, folder);
    flyway_profiles_note(arena, folder);
    data_sources_note(arena, folder, "flyway");
    return is_read || folder->unread_ledger != NULL || folder->unread != NULL;
}
