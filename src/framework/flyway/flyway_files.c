/*
 * Names are prefix, version, separator, description, suffix: "V1.1__create_posts.sql". A version is numbers between
 * dots or underscores, where missing ones are 0: 1 is 1.0, and 1.2 comes before 1.10 (MigrationVersion.java).
 * Repeatable ones come last, by description. Callbacks, undo scripts and .conf files are no migrations.
 */
#include "framework/flyway/flyway_files.h"

#include "framework/core/listing.h"
#include "framework/core/script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct flyway_settings usual = {
    .prefix = "V",
    .repeatable_prefix = "R",
    .separator = "__",
    .suffix = ".sql",
    .placeholder_prefix = "${",
    .placeholder_suffix = "}",
    .replaces = true,
};

static const struct flyway_settings *settings_of(const struct folder *folder)
{
    return folder->settings == NULL ? &usual : folder->settings;
}

/* ---- versions ---- */

int flyway_compare_versions(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        const struct text x = leading_digits(text_of(a));
        const struct text y = leading_digits(text_of(b));
        const struct text zero = text_of("0");
        const int compared = number_compare(x.size == 0 ? zero : x, y.size == 0 ? zero : y);
        if (compared != 0) {
            return compared;
        }
        a += x.size + (a[x.size] != '\0' ? 1 : 0);
        b += y.size + (b[y.size] != '\0' ? 1 : 0);
    }
    return 0;
}

const char *flyway_key(struct arena *arena, const char *version, const char *description)
{
    struct buffer key = {.arena = arena};
    if (version == NULL) {
        return arena_printf(arena, "R:%s", description);
    }
    size_t kept = 0; /* up to the last part that is not 0 */
    while (*version != '\0') {
        struct text digits = leading_digits(text_of(version));
        version += digits.size;
        while (digits.size > 1 && digits.data[0] == '0') {
            digits = text_slice(digits, 1, digits.size);
        }
        buffer_puts(&key, key.size == 0 ? "" : ".");
        buffer_add(&key, digits);
        kept = text_is(digits, "0") && kept > 0 ? kept : key.size;
        version += *version != '\0' ? 1 : 0;
    }
    return arena_strndup(arena, buffer_string(&key), kept);
}

/* ---- names ---- */

static const char *with_spaces(struct arena *arena, const char *text, size_t size)
{
    char *const words = arena_strndup(arena, text, size);
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return words;
}

/* "1_2" as it is recorded: "1.2". NULL where it is no version. */
static const char *version_of(struct arena *arena, const char *text, size_t size)
{
    char *const version = arena_strndup(arena, text, size);
    for (char *c = version; *c != '\0'; c++) {
        *c = *c == '_' ? '.' : *c;
        if (isdigit((unsigned char)*c) == 0 && *c != '.') {
            return NULL;
        }
    }
    return size == 0 || !isdigit((unsigned char)version[0]) ? NULL : version;
}

/* Fills what a file's name says; false where it is no migration. */
static bool read_name(struct arena *arena, const struct flyway_settings *settings, const char *script,
                      struct migration_file *file)
{
    const char *const slash = strrchr(script, '/');
    const char *const name = slash == NULL ? script : slash + 1;
    const bool is_java = text_ends_with(text_of(name), ".java");
    const char *const suffix = is_java ? ".java" : settings->suffix;
    const bool is_repeatable = text_starts_with(text_of(name), settings->repeatable_prefix);
    const bool is_versioned = text_starts_with(text_of(name), settings->prefix);
    if ((!is_repeatable && !is_versioned) || !text_ends_with(text_of(name), suffix)) {
        return false;
    }
    const char *const start = name + strlen(is_versioned ? settings->prefix : settings->repeatable_prefix);
    const char *const end = name + strlen(name) - strlen(suffix);
    const char *const separator = strstr(start, settings->separator);
    if (start > end || (separator == NULL && !is_versioned)) {
        return false;
    }
    const char *const version_end = separator == NULL || separator > end ? end : separator;
    struct flyway_name *const said = arena_alloc(arena, sizeof *said);
    said->version = is_versioned ? version_of(arena, start, (size_t)(version_end - start)) : NULL;
    if (is_versioned ? said->version == NULL : version_end != start) {
        return false;
    }
    const char *const description = version_end == end ? end : version_end + strlen(settings->separator);
    said->description = with_spaces(arena, description, (size_t)(end - description));
    said->script = script;
    file->name = arena_strndup(arena, name, (size_t)(end - name));
    file->key = flyway_key(arena, said->version, said->description);
    file->version = said->version;
    file->repeatable = !is_versioned;
    file->is_code = is_java;
    file->own = said;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct migration_file *const x = a;
    const struct migration_file *const y = b;
    if (x->repeatable != y->repeatable) {
        return x->repeatable ? 1 : -1;
    }
    const int versions = x->repeatable ? strcmp(((const struct flyway_name *)x->own)->description,
                                                ((const struct flyway_name *)y->own)->description)
                                       : flyway_compare_versions(x->version, y->version);
    return versions != 0 ? versions : strcmp(x->name, y->name);
}

static bool accept_all(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)arena;
    (void)file;
    (void)warning;
    return text_ends_with(text_of(name), ".sql") || text_ends_with(text_of(name), ".java");
}

static bool list_location(struct arena *arena, const struct folder *folder, const char *location,
                          struct migration_files *files, struct status *status)
{
    struct folder place = *folder;
    struct migration_files found;
    place.path = location;
    if (!listing_read(arena, &place, &(struct listing_rule){.accept = accept_all, .recursive = true}, &found, status)) {
        return false;
    }
    for (size_t i = 0; i < found.count; i++) {
        struct migration_file file = found.items[i];
        if (read_name(arena, settings_of(folder), file.filename, &file)) {
            *listing_add(arena, files) = file;
        }
    }
    return true;
}

bool flyway_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status)
{
    const struct flyway_settings *const settings = settings_of(folder);
    *files = (struct migration_files){0};
    bool ok = list_location(arena, folder, folder->path, files, status);
    for (size_t i = 0; ok && settings->locations[i] != NULL; i++) {
        ok = strcmp(settings->locations[i], folder->path) == 0 ||
             list_location(arena, folder, settings->locations[i], files, status);
    }
    if (files->count > 0) {
        qsort(files->items, files->count, sizeof *files->items, compare);
    }
    listing_warn_duplicates(arena, files);
    return ok;
}

/* ---- configuration ---- */

/* A configuration file: where its keys are. */
struct source {
    const char *name;
    const char *section; /* of a TOML file */
    const char *prefix;  /* "flyway." */
};

static const char *value_of(struct arena *arena, struct text content, const struct source *source, const char *key)
{
    return config_value(arena, content, source->section, arena_printf(arena, "%s%s", source->prefix, key));
}

static void set(const char **place, const char *value)
{
    *place = value == NULL ? *place : value;
}

/* "filesystem:sql,classpath:db/migration", or a TOML list. */
static void read_locations(struct arena *arena, const struct folder *folder, const char *list,
                           struct flyway_settings *settings)
{
    static const char filesystem[] = "filesystem:";
    static const char classpath[] = "classpath:";
    size_t count = 0;
    char *rest;
    for (char *one = strtok_r(arena_strdup(arena, list), ",[]\"' ", &rest); one != NULL && count < 7;
         one = strtok_r(NULL, ",[]\"' ", &rest)) {
        const bool is_classpath = text_starts_with(text_of(one), classpath);
        one += text_starts_with(text_of(one), filesystem) ? strlen(filesystem) : is_classpath ? strlen(classpath) : 0;
        one += one[0] == '.' && one[1] == '/' ? 2 : 0;
        one += is_classpath && one[0] == '/' ? 1 : 0;
        settings->locations[count++] =
            path_join(arena, folder->base, is_classpath ? path_join(arena, "src/main/resources", one) : one);
    }
}

static const struct habits out_of_order = {
    .late = LATE_RUNS,
    .late_note = "flyway runs it: its configuration says outOfOrder.",
    .edited_blocks = true,
    .edited_note = "flyway stops at it (\"Migration checksum mismatch\"), until `flyway repair`.",
    .missing_blocks = true,
    .missing_note = "flyway stops at it (\"Detected applied migration not resolved locally\").",
};

static void read_settings(struct arena *arena, struct folder *folder, struct text content, const struct source *source)
{
    struct flyway_settings *const settings = arena_alloc(arena, sizeof *settings);
    *settings = usual;
    const char *const locations = value_of(arena, content, source, "locations");
    const char *const replaces = value_of(arena, content, source, "placeholderReplacement");
    const char *const order = value_of(arena, content, source, "outOfOrder");
    if (locations != NULL) {
        read_locations(arena, folder, locations, settings);
    }
    set(&settings->prefix, value_of(arena, content, source, "sqlMigrationPrefix"));
    set(&settings->repeatable_prefix, value_of(arena, content, source, "repeatableSqlMigrationPrefix"));
    set(&settings->separator, value_of(arena, content, source, "sqlMigrationSeparator"));
    set(&settings->suffix, value_of(arena, content, source, "sqlMigrationSuffixes"));
    set(&settings->placeholder_prefix, value_of(arena, content, source, "placeholderPrefix"));
    set(&settings->placeholder_suffix, value_of(arena, content, source, "placeholderSuffix"));
    set(&settings->installed_by, value_of(arena, content, source, "installedBy"));
    settings->replaces = replaces == NULL || strcmp(replaces, "false") != 0;
    settings->placeholders =
        config_pairs(arena, content, source->section, arena_printf(arena, "%splaceholders.", source->prefix),
                     &settings->placeholder_count);
    folder->settings = settings;
    folder->habits = order != NULL && strcmp(order, "true") == 0 ? &out_of_order : NULL;
    folder->ledger.table = value_of(arena, content, source, "table");
    folder->ledger.schema = value_of(arena, content, source, "defaultSchema");
    const char *const schemas = value_of(arena, content, source, "schemas");
    if (folder->ledger.schema == NULL && schemas != NULL) {
        folder->ledger.schema = arena_strndup(arena, schemas, strcspn(schemas, ", "));
    }
    folder->path = settings->locations[0];
}

bool flyway_configure(struct arena *arena, struct folder *folder)
{
    static const struct source sources[] = {
        {"flyway.conf", NULL, "flyway."},
        {"conf/flyway.conf", NULL, "flyway."},
        {"flyway.toml", "flyway", ""},
        {"src/main/resources/application.properties", NULL, "spring.flyway."},
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct text content;
        if (folder_read(arena, folder, sources[i].name, &content) && text_find(content, "flyway", 0) != SIZE_MAX) {
            read_settings(arena, folder, content, &sources[i]);
            folder->evidence = path_join(arena, folder->base, sources[i].name);
            return true;
        }
    }
    return false;
}

static bool looks_like_flyway(const char *name, bool is_directory, struct text head)
{
    (void)head;
    const char *const separator = strstr(name, "__");
    return !is_directory && separator != NULL && (name[0] == 'V' || name[0] == 'R') &&
           (text_ends_with(text_of(name), ".sql") || text_ends_with(text_of(name), ".java")) &&
           (name[0] == 'R' ? separator == name + 1 : isdigit((unsigned char)name[1]) != 0);
}

/* refinery's files have the same names. */
bool flyway_recognise(struct arena *arena, struct folder *folder)
{
    struct text cargo;
    const char *const name = folder_any(arena, folder, looks_like_flyway);
    if (name == NULL && folder->evidence == NULL) {
        return false;
    }
    const bool is_rust = folder->evidence == NULL && (folder_read(arena, folder, "Cargo.toml", &cargo) ||
                                                      folder_look(arena, folder, "refinery.toml") == FILE_REGULAR);
    folder->confidence = is_rust ? CONFIDENCE_LOW : folder->evidence != NULL ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    folder->evidence = folder->evidence != NULL ? folder->evidence : path_join(arena, folder->path, name);
    return true;
}

/* ---- placeholders ---- */

struct filling {
    const struct project *project;
    const struct flyway_settings *settings;
    const struct folder *folder;
    const struct migration_file *file;
};

/* Those of its own, as far as they are known without the server. */
static const char *own_value(const struct filling *filling, struct text name)
{
    const struct project *const project = filling->project;
    const struct flyway_name *const said = filling->file->own;
    const char *const schema = filling->folder->ledger.schema;
    const char *const slash = strrchr(said->script, '/');
    return text_is(name, "flyway:filename")        ? (slash == NULL ? said->script : slash + 1)
           : text_is(name, "flyway:defaultSchema") ? (schema == NULL ? "public" : schema)
           : text_is(name, "flyway:table")
               ? (filling->folder->ledger.table == NULL ? "flyway_schema_history" : filling->folder->ledger.table)
           : project == NULL                  ? NULL
           : text_is(name, "flyway:database") ? project->database
           : text_is(name, "flyway:user")     ? project->user
                                              : NULL;
}

static const char *placeholder(void *data, struct arena *arena, struct text name)
{
    const struct filling *const filling = data;
    (void)arena;
    for (size_t i = 0; i < filling->settings->placeholder_count; i++) {
        if (text_is_nocase(name, filling->settings->placeholders[i].key)) {
            return filling->settings->placeholders[i].value;
        }
    }
    return own_value(filling, name);
}

bool flyway_fill(struct arena *arena, const struct project *project, const struct folder *folder,
                 const struct migration_file *file, struct text content, struct text *filled, struct status *status)
{
    struct filling filling = {project, settings_of(folder), folder, file};
    *filled = content;
    if (!filling.settings->replaces || text_find(content, filling.settings->placeholder_prefix, 0) == SIZE_MAX) {
        return true;
    }
    if (script_fill(arena, content, filling.settings->placeholder_prefix, filling.settings->placeholder_suffix,
                    placeholder, &filling, false, filled, status)) {
        return true;
    }
    return status_fail(status, STATUS_FAILED_PRECONDITION, "%s: %s", file->filename,
                       arena_strdup(arena, status->message));
}
