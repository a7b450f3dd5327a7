/*
 * Repeatable migrations come last, by description. Callbacks, undo scripts and .conf files are no migrations.
 */
#include "framework/flyway/flyway_files.h"

#include "base/sorting.h"
#include "framework/core/listing.h"
#include "framework/core/unread.h"
#include "framework/flyway/flyway_callbacks.h"
#include "framework/flyway/flyway_fill.h"
#include "framework/flyway/flyway_names.h"
#include "framework/flyway/flyway_source.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

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

/* Notes files that are no migrations and yet matter: callbacks, and baseline migrations, with which an empty database
 * begins. */
static void note_other(struct arena *arena, const struct folder *place, const char *script,
                       struct migration_files *files)
{
    const struct flyway_settings *const settings = flyway_settings_of(place);
    const char *const name = path_name(script);
    const char *const path = path_join(arena, place->path, script);
    bool is_code;
    if (flyway_note_callback(arena, place, script, files)) {
        return;
    }
    const size_t before = strlen(settings->baseline_prefix);
    if (strncmp(name, settings->baseline_prefix, before) == 0 && isdigit((unsigned char)name[before]) != 0 &&
        strstr(name, settings->separator) != NULL && flyway_suffix(settings, name, &is_code) != NULL) {
        files->first_needs_tool = arena_printf(
            arena, "it has the baseline migration %s, with which flyway begins where nothing is applied", script);
        listing_warn(arena, files,
                     arena_printf(arena, "%s is left out: a baseline migration, which only flyway itself runs.", path));
    }
    const size_t size = strlen(name);
    const size_t prefix = strlen(settings->prefix);
    if (size > prefix + 4 && strncasecmp(name, settings->prefix, prefix) == 0 &&
        isdigit((unsigned char)name[prefix]) != 0 && text_ends_with_nocase(text_of(name), ".sql")) {
        listing_warn(arena, files,
                     arena_printf(arena, "%s is passed over by flyway: its name is not %sVERSION%sDESCRIPTION%s.", path,
                                  settings->prefix, settings->separator, settings->suffixes[0]));
        if (settings->validates_names && files->needs_tool == NULL) {
            files->needs_tool = arena_printf(arena, "it stops at the name of %s (validateMigrationNaming)", path);
        }
    }
}

/* flyway fills in the time at which it reads the file, so the sum of a repeatable migration is another each time, and
 * it runs in each migrate (SqlMigrationResolver.java). What of it was run, no row tells us. */
static void note_timestamp(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                           struct migration_files *files)
{
    const struct flyway_settings *const settings = flyway_settings_of(folder);
    struct status unread = {.arena = arena};
    struct arena *const reading = arena_new(0);
    struct text content;
    if (file->repeatable && !file->is_code && flyway_conf_of(reading, file->path, settings).replaces &&
        file_read(reading, file->path, MIGRATION_FILE_LIMIT, &content, &unread) &&
        text_find(
            content,
            arena_printf(reading, "%sflyway:timestamp%s", settings->placeholder_prefix, settings->placeholder_suffix),
            0) != SIZE_MAX) {
        files->runs_each_time = file->name;
        flyway_leave_to_tool(arena, files,
                             arena_printf(arena,
                                          "%s has the placeholder flyway:timestamp, with which it runs in each "
                                          "migrate",
                                          file->filename));
    }
    arena_free(reading);
}

/* Adds a migration. A script's checksum is that of its text, although only Flyway itself can run it. */
static void add(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                struct migration_files *files)
{
    struct migration_file *const added = listing_add(arena, files);
    struct status unread = {.arena = arena};
    *added = *file;
    if (((const struct flyway_name *)file->own)->is_script &&
        !framework_file_checksum(arena, folder, file, &added->checksum, &unread)) {
        added->checksum = NULL;
    }
}

/* Is it the name of a migration or of a callback? */
static bool counts(struct arena *arena, const struct folder *place, const char *name)
{
    struct migration_file file = {.name = name};
    struct migration_files callbacks = {0};
    return flyway_read_name(arena, flyway_settings_of(place), name, &file) ||
           flyway_note_callback(arena, place, name, &callbacks);
}

/* Finds the files below a directory; what else is to be said of them goes to `files`. Flyway passes over hidden
 * directories, in which a volume of Kubernetes has its files once more (FileSystemScanner.java). */
static bool find_files(struct arena *arena, const struct folder *place, struct migration_files *found,
                       struct migration_files *files, struct status *status)
{
    const struct listing_rule rule = {.counts = counts, .recursive = true, .without_hidden = true};
    const bool ok = listing_read(arena, place, &rule, found, status);
    listing_take_notes(arena, files, found);
    return ok;
}

static bool list_location(struct arena *arena, const struct folder *folder, const char *location,
                          struct migration_files *files, struct status *status)
{
    struct folder place = *folder;
    struct migration_files found;
    place.path = location;
    if (file_look(path_join(arena, folder->root, location), NULL) == FILE_NONE) {
        listing_warn(arena, files, arena_printf(arena, "The location %s does not exist in the project.", location));
        if (flyway_settings_of(folder)->needs_locations && files->needs_tool == NULL) {
            files->needs_tool = arena_printf(
                arena, "the location %s does not exist, at which it stops (failOnMissingLocations)", location);
        }
        return true;
    }
    if (!find_files(arena, &place, &found, files, status)) {
        return false;
    }
    for (size_t i = 0; i < found.count; i++) {
        struct migration_file file = found.items[i];
        if (flyway_read_name(arena, flyway_settings_of(folder), file.filename, &file)) {
            add(arena, folder, &file, files);
            note_timestamp(arena, folder, &file, files);
        } else {
            note_other(arena, &place, file.filename, files);
        }
    }
    return true;
}

/* A class is recorded by its name: "db.migration.V2__users". */
static void make_class(struct arena *arena, const struct folder *place, const char *package,
                       struct migration_file *file)
{
    struct flyway_name *const said = arena_alloc(arena, sizeof *said);
    *said = *(const struct flyway_name *)file->own;
    const char *const path = path_join(arena, package, said->script);
    char *const class = arena_strndup(arena, path, (size_t)(strrchr(path, '.') - path));
    for (char *c = class; *c != '\0'; c++) {
        *c = *c == '/' ? '.' : *c;
    }
    file->filename = path_join(arena, place->path, said->script);
    said->script = class;
    file->own = said;
}

/* Adds the classes in a directory of sources; its other files are not on the classpath. */
static bool list_sources(struct arena *arena, const struct folder *place, const char *package,
                         struct migration_files *files, struct status *status)
{
    struct migration_files found;
    if (!find_files(arena, place, &found, files, status)) {
        return false;
    }
    for (size_t i = 0; i < found.count; i++) {
        struct migration_file file = found.items[i];
        if (flyway_read_name(arena, flyway_settings_of(place), file.filename, &file) && file.is_code &&
            !((const struct flyway_name *)file.own)->is_script) {
            make_class(arena, place, package, &file);
            add(arena, place, &file, files);
        }
    }
    return true;
}

/* A location on the classpath also holds the classes of its package. */
static bool list_classes(struct arena *arena, const struct folder *folder, const char *location,
                         struct migration_files *files, struct status *status)
{
    static const char *const languages[] = {"java", "kotlin", "scala", "groovy", NULL};
    const char *const at = strstr(location, FLYWAY_RESOURCES);
    bool ok = true;
    for (size_t i = 0; ok && at != NULL && languages[i] != NULL; i++) {
        const char *const package = at + strlen(FLYWAY_RESOURCES);
        struct folder place = *folder;
        place.path = arena_printf(arena, "%.*ssrc/main/%s/%s", (int)(at - location), location, languages[i], package);
        if (file_look(path_join(arena, folder->root, place.path), NULL) == FILE_DIRECTORY) {
            ok = list_sources(arena, &place, package, files, status);
        }
    }
    return ok;
}

/* Is its path one of the configured locations? A folder named by the user counts alone. */
static bool is_configured(const struct folder *folder)
{
    const char *const *const locations = flyway_settings_of(folder)->locations;
    size_t i = 0;
    while (locations[i] != NULL && strcmp(locations[i], folder->path) != 0) {
        i++;
    }
    return locations[i] != NULL;
}

/* Is the location in another one, or the same as an earlier one (Locations.java)? */
static bool is_discarded(const char *const *locations, size_t which)
{
    bool is = false;
    for (size_t i = 0; locations[i] != NULL; i++) {
        const bool is_same = strcmp(locations[i], locations[which]) == 0;
        is = is || (is_same ? i < which : path_is_within(locations[i], locations[which]));
    }
    return is;
}

bool flyway_list(struct arena *arena, const struct folder *folder, struct migration_files *files, struct status *status)
{
    const struct flyway_settings *const settings = flyway_settings_of(folder);
    *files = (struct migration_files){.needs_tool = settings->needs_tool};
    for (size_t i = 0; i < settings->notes.count; i++) {
        listing_warn(arena, files, settings->notes.items[i]);
    }
    const char *const alone[] = {folder->path, NULL};
    const char *const *const locations = is_configured(folder) ? settings->locations : alone;
    bool ok = true;
    for (size_t i = 0; ok && locations[i] != NULL; i++) {
        ok = is_discarded(locations, i) || (list_location(arena, folder, locations[i], files, status) &&
                                            list_classes(arena, folder, locations[i], files, status));
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

/* Classes are listed together with the resources of their package, if there are any. */
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
