/*
 * Names are prefix, version, separator, description, suffix: "V1.1__create_posts.sql". A version is numbers between
 * dots or underscores, where missing ones are 0: 1 is 1.0, and 1.2 comes before 1.10 (MigrationVersion.java).
 * Repeatable ones come last, by description. Callbacks, undo scripts and .conf files are no migrations.
 */
#include "framework/flyway/flyway_files.h"

#include "base/sorting.h"
#include "framework/core/listing.h"
#include "framework/core/script.h"
#include "framework/core/unread.h"
#include "framework/flyway/flyway_callbacks.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* Migrations that are classes. */
static const char *const code_endings[] = {".java", ".kt", ".scala", ".groovy", NULL};

const struct flyway_settings *flyway_settings_of(const struct folder *folder)
{
    return folder->settings == NULL ? &flyway_usual : folder->settings;
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

const char *flyway_description(struct arena *arena, const char *text, size_t size)
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

const char *flyway_suffix(const struct flyway_settings *settings, const char *name, bool *is_code)
{
    *is_code = false;
    for (size_t i = 0; settings->suffixes[i] != NULL; i++) {
        if (text_ends_with(text_of(name), settings->suffixes[i])) {
            return settings->suffixes[i];
        }
    }
    for (size_t i = 0; code_endings[i] != NULL; i++) {
        if (text_ends_with(text_of(name), code_endings[i])) {
            *is_code = true;
            return code_endings[i];
        }
    }
    return NULL;
}

/* Fills what a file's name says; false where it is no migration. */
static bool read_name(struct arena *arena, const struct flyway_settings *settings, const char *script,
                      struct migration_file *file)
{
    const char *const slash = strrchr(script, '/');
    const char *const name = slash == NULL ? script : slash + 1;
    bool is_code;
    const char *const suffix = flyway_suffix(settings, name, &is_code);
    const bool is_repeatable = text_starts_with(text_of(name), settings->repeatable_prefix);
    const bool is_versioned = text_starts_with(text_of(name), settings->prefix);
    if ((!is_repeatable && !is_versioned) || suffix == NULL) {
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
    said->description = flyway_description(arena, description, (size_t)(end - description));
    said->script = script;
    file->name = arena_strndup(arena, name, (size_t)(end - name));
    file->key = flyway_key(arena, said->version, said->description);
    file->version = said->version;
    file->repeatable = !is_versioned;
    file->is_code = is_code;
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

/* What is no migration and yet of weight: callbacks, and baseline migrations, which an empty database begins with. */
static void note_other(struct arena *arena, const struct folder *place, const char *script,
                       struct migration_files *files)
{
    const struct flyway_settings *const settings = flyway_settings_of(place);
    const char *const slash = strrchr(script, '/');
    const char *const name = slash == NULL ? script : slash + 1;
    const char *const path = path_join(arena, place->path, script);
    bool is_code;
    if (flyway_note_callback(arena, place, script, files)) {
        return;
    }
    if (name[0] == 'B' && isdigit((unsigned char)name[1]) != 0 && strstr(name, settings->separator) != NULL &&
        flyway_suffix(settings, name, &is_code) != NULL) {
        listing_warn(arena, files,
                     arena_printf(arena, "%s is left out: a baseline migration, which only flyway itself runs.", path));
    }
}

static bool list_location(struct arena *arena, const struct folder *folder, const char *location,
                          struct migration_files *files, struct status *status)
{
    struct folder place = *folder;
    struct migration_files found;
    place.path = location;
    if (file_look(path_join(arena, folder->root, location), NULL) == FILE_NONE) {
        listing_warn(arena, files, arena_printf(arena, "The location %s does not exist in the project.", location));
        return true;
    }
    if (!listing_read(arena, &place, &(struct listing_rule){.recursive = true}, &found, status)) {
        return false;
    }
    for (size_t i = 0; i < found.count; i++) {
        struct migration_file file = found.items[i];
        if (read_name(arena, flyway_settings_of(folder), file.filename, &file)) {
            *listing_add(arena, files) = file;
        } else {
            note_other(arena, &place, file.filename, files);
        }
    }
    return true;
}

/* It is recorded by its class: "db.migration.V2__users". */
static void make_class(struct arena *arena, const struct folder *folder, const char *package,
                       struct migration_file *file)
{
    struct flyway_name *const said = arena_alloc(arena, sizeof *said);
    *said = *(const struct flyway_name *)file->own;
    const char *const path = path_join(arena, package, said->script);
    char *const class = arena_strndup(arena, path, strlen(path) - strlen(strrchr(path, '.')));
    for (char *c = class; *c != '\0'; c++) {
        *c = *c == '/' ? '.' : *c;
    }
    said->script = class;
    file->own = said;
    file->filename = file->path + strlen(folder->root) + 1;
}

/* A location on the classpath is also where the classes of its package are. */
static bool list_classes(struct arena *arena, const struct folder *folder, const char *location,
                         struct migration_files *files, struct status *status)
{
    static const char *const languages[] = {"java", "kotlin", "scala", "groovy", NULL};
    const char *const at = strstr(location, FLYWAY_RESOURCES);
    bool ok = true;
    for (size_t i = 0; ok && at != NULL && languages[i] != NULL; i++) {
        const char *const place = arena_printf(arena, "%.*ssrc/main/%s/%s", (int)(at - location), location,
                                               languages[i], at + strlen(FLYWAY_RESOURCES));
        const size_t before = files->count;
        if (file_look(path_join(arena, folder->root, place), NULL) == FILE_DIRECTORY) {
            ok = list_location(arena, folder, place, files, status);
        }
        for (size_t j = before; j < files->count; j++) {
            make_class(arena, folder, at + strlen(FLYWAY_RESOURCES), &files->items[j]);
        }
    }
    return ok;
}

/* Is its path one of the configured locations? One that the user says stands alone. */
static bool is_configured(const struct folder *folder)
{
    const char *const *const locations = flyway_settings_of(folder)->locations;
    size_t i = 0;
    while (locations[i] != NULL && strcmp(locations[i], folder->path) != 0) {
        i++;
    }
    return locations[i] != NULL;
}

bool flyway_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status)
{
    const struct flyway_settings *const settings = flyway_settings_of(folder);
    *files = (struct migration_files){.needs_tool = settings->needs_tool};
    bool ok = list_location(arena, folder, folder->path, files, status) &&
              list_classes(arena, folder, folder->path, files, status);
    for (size_t i = 0; ok && is_configured(folder) && settings->locations[i] != NULL; i++) {
        ok = strcmp(settings->locations[i], folder->path) == 0 ||
             (list_location(arena, folder, settings->locations[i], files, status) &&
              list_classes(arena, folder, settings->locations[i], files, status));
    }
    sort_items(files->items, files->count, sizeof *files->items, compare);
    listing_warn_duplicates(arena, files);
    flyway_place_callbacks(arena, folder, files);
    return ok;
}

/* ---- the folder ---- */

static bool looks_like_flyway(const char *name, bool is_directory, struct text head)
{
    (void)head;
    const char *const separator = strstr(name, "__");
    return !is_directory && separator != NULL && (name[0] == 'V' || name[0] == 'R') &&
           (text_ends_with(text_of(name), ".sql") || text_ends_with(text_of(name), ".java")) &&
           (name[0] == 'R' ? separator == name + 1 : isdigit((unsigned char)name[1]) != 0);
}

/* Classes are listed with the resources of their package, where there are such. */
static bool is_beside_resources(struct arena *arena, const struct folder *folder)
{
    static const char classes[] = "src/main/java/";
    const char *const at = strstr(folder->path, classes);
    return at != NULL && file_look(path_join(arena, folder->root,
                                             arena_printf(arena, "%.*s%s%s", (int)(at - folder->path), folder->path,
                                                          FLYWAY_RESOURCES, at + strlen(classes))),
                                   NULL) == FILE_DIRECTORY;
}

/* refinery's files have the same names. */
bool flyway_recognise(struct arena *arena, struct folder *folder)
{
    struct text cargo;
    const char *const name = folder_any(arena, folder, looks_like_flyway);
    if ((name == NULL && folder->evidence == NULL) || is_beside_resources(arena, folder)) {
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

bool flyway_fill(const struct script_request *request)
{
    struct filling filling = {request->project, flyway_settings_of(request->folder), request->folder, request->file};
    const struct script_placeholders words = {.open = filling.settings->placeholder_prefix,
                                              .close = filling.settings->placeholder_suffix,
                                              .find = placeholder,
                                              .data = &filling};
    request->script->sql = request->content;
    if (!filling.settings->replaces || text_find(request->content, words.open, 0) == SIZE_MAX ||
        script_fill(request->arena, request->content, &words, &request->script->sql, request->status)) {
        return true;
    }
    return status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s: %s", request->file->filename,
                       arena_strdup(request->arena, request->status->message));
}
