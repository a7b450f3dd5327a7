/*
 * Alembic: migrations are programs that name the revision before them; the ledger has only the heads. Facts measured
 * with Alembic 1.8.1.
 */
#include "framework/coded/alembic_heads.h"
#include "framework/coded/alembic_options.h"
#include "framework/coded/alembic_program.h"
#include "framework/coded/alembic_revision.h"
#include "framework/coded/alembic_sections.h"
#include "framework/core/file_index.h"
#include "framework/core/file_rules.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/order.h"
#include "framework/core/package.h"
#include "framework/core/reading.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"
#include "pg/values.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern const struct framework framework_alembic;

/* ---- the folder ---- */

/* A dependency may be the label of a branch: then it is the revision that has the label (_map_branch_labels of
 * revision.py). */
static void resolve_labels(struct arena *arena, const struct migration_files *files,
                           struct alembic_revision *const *revisions)
{
    struct migration_files labelled = {0};
    for (size_t i = 0; i < files->count; i++) {
        for (size_t j = 0; j < revisions[i]->labels.count; j++) {
            struct migration_file *const one = listing_add(arena, &labelled);
            *one = files->items[i];
            one->key = revisions[i]->labels.items[j];
        }
    }
    struct file_index keys = file_index_of(arena, files);
    struct file_index labels = file_index_of(arena, &labelled);
    for (size_t i = 0; labelled.count > 0 && i < files->count; i++) {
        struct words *const parents = &revisions[i]->parents;
        for (size_t j = 0; j < parents->count; j++) {
            const bool is_key = file_index_find(&keys, parents->items[j]) != NULL;
            const struct migration_file *const one = is_key ? NULL : file_index_find(&labels, parents->items[j]);
            parents->items[j] = one == NULL ? parents->items[j] : one->version;
        }
    }
}

/* Parents first; among those that could come next, the one whose file name sorts first. Parents that do not exist are
 * not waited for; a circle is reported by alembic itself. */
static void sort(struct arena *arena, struct migration_files *files)
{
    struct file_index index = file_index_of(arena, files);
    struct order *const order = order_new(arena, files->count);
    for (size_t i = 0; i < files->count; i++) {
        const struct alembic_revision *const revision = files->items[i].own;
        for (size_t j = 0; j < revision->parents.count; j++) {
            const struct migration_file *const parent = file_index_find(&index, revision->parents.items[j]);
            if (parent != NULL) {
                order_needs(order, i, (size_t)(parent - files->items));
            }
        }
    }
    order_files(order, files);
}

/* What alembic.ini says about the folder; stored in folder->settings. */
struct settings {
    bool is_recursive; /* recursive_version_locations */
};

/* Lists the files as described for the framework, or also those in the directories below. */
static bool list_files(struct arena *arena, const struct folder *folder, struct migration_files *files,
                       struct status *status)
{
    const struct settings *const settings = folder->settings;
    if (settings == NULL || !settings->is_recursive) {
        return files_list(arena, folder, files, status);
    }
    struct framework deep = *folder->framework;
    struct folder below = *folder;
    deep.folder.recursive = true;
    below.framework = &deep;
    return files_list(arena, &below, files, status);
}

/* Alembic takes every file for a revision, and stops at one that names none. If only running the program would tell its
 * revision, the file counts as pending, and a warning says why. */
static void add_revision(struct arena *arena, const struct migration_file *found, struct alembic_revision *revision,
                         struct migration_files *files)
{
    struct migration_file *const file = listing_add(arena, files);
    *file = *found;
    if (revision->id == NULL) {
        revision->id = found->filename;
        listing_warn(
            arena, files,
            arena_printf(
                arena,
                "%s does not say its revision as plain text, so it is not known whether it is applied; it counts as "
                "pending. Write revision = \"…\" at the start of a line, in UTF-8, or take the file out of the folder.",
                found->filename));
    }
    if (revision->is_computed) {
        listing_warn(
            arena, files,
            arena_printf(arena,
                         "%s computes the revision before it, which cannot be read without running it: what is "
                         "before it may be shown as pending although it is applied.",
                         found->filename));
    }
    file->key = file->version = revision->id;
    file->own = revision;
}

static bool alembic_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                         struct status *status)
{
    struct migration_files found;
    *files = (struct migration_files){0};
    if (!list_files(arena, folder, &found, status)) {
        return false;
    }
    listing_take_notes(arena, files, &found);
    struct alembic_revision **const revisions = arena_array(arena, found.count + 1, sizeof *revisions);
    for (size_t i = 0; i < found.count; i++) {
        revisions[i] = alembic_revision_read(arena, found.items[i].path, status);
        if (revisions[i] == NULL) {
            return false;
        }
        add_revision(arena, &found.items[i], revisions[i], files);
    }
    listing_warn_duplicates(arena, files);
    resolve_labels(arena, files, revisions);
    sort(arena, files);
    alembic_note_heads(arena, files);
    return true;
}

/* Where the colon of "app.db:migrations/versions", a path in a package, is; NULL: it is the path of a directory. */
static const char *package_end(const char *location)
{
    const char *const colon = strchr(location, ':');
    return colon == NULL || memchr(location, '/', (size_t)(colon - location)) != NULL ? NULL : colon;
}

/* The location without "%(here)s/"; of a path in a package the path of the module. Dots separate modules only in front
 * of the colon, and more colons join (coerce_resource_to_filename of pyfiles.py). */
static const char *plain_location(struct arena *arena, const char *location)
{
    static const char here[] = "%(here)s/";
    const char *const colon = package_end(location);
    location += text_starts_with(text_of(location), here) ? strlen(here) : 0;
    location += strncmp(location, "./", 2) == 0 ? 2 : 0;
    char *const plain = arena_strdup(arena, location);
    for (size_t i = 0; colon != NULL && plain[i] != '\0'; i++) {
        plain[i] = plain[i] == ':' || (plain[i] == '.' && location + i < colon) ? '/' : plain[i];
    }
    return plain;
}

static bool is_directory(struct arena *arena, const struct folder *folder, const char *path)
{
    return file_look(path_join(arena, folder->root, path), NULL) == FILE_DIRECTORY;
}

/* Where a Python module is: next to alembic.ini, or in a directory above it or the src of such a directory. */
static const char *module_path(struct arena *arena, const struct folder *folder, const char *module)
{
    const char *above = folder->base;
    for (bool goes_on = true; goes_on; above = path_above(arena, above)) {
        const char *const tries[] = {path_join(arena, above, module),
                                     path_join(arena, path_join(arena, above, "src"), module)};
        for (size_t i = 0; i < 2; i++) {
            if (is_directory(arena, folder, tries[i])) {
                return tries[i];
            }
        }
        goes_on = above[0] != '\0';
    }
    return path_join(arena, folder->base, module);
}

/* The directory that script_location or one of version_locations names. */
static const char *location_path(struct arena *arena, const struct folder *folder, const char *said)
{
    const char *const location = plain_location(arena, said);
    return package_end(said) != NULL ? module_path(arena, folder, location) : path_join(arena, folder->base, location);
}

/* The "versions" directory; if the project has one for each kind of server, that of PostgreSQL. */
static const char *versions_of(struct arena *arena, const struct folder *folder, const char *location)
{
    static const char *const servers[] = {"postgresql", "postgres", NULL};
    const char *const versions = path_join(arena, location, "versions");
    for (size_t i = 0; servers[i] != NULL; i++) {
        const char *const own = path_join(arena, versions, servers[i]);
        if (is_directory(arena, folder, own)) {
            return own;
        }
    }
    return versions;
}

/* version_locations: the directories that are read instead of "versions"; of several, alembic makes one history. */
static void read_version_locations(struct arena *arena, struct folder *folder, const struct alembic_options *options)
{
    static const char key[] = "version_locations";
    struct source_file file;
    const char *const whole = alembic_option(arena, options, key, &file);
    const struct words locations = alembic_option_list(arena, options, key);
    struct words paths = {0};
    for (size_t i = 0; i < locations.count; i++) {
        const char *const path = location_path(arena, folder, locations.items[i]);
        words_add(arena, &paths, path);
        if (config_is_computed(path)) {
            const char *const said = whole != NULL ? whole : locations.items[0]; /* over several lines: no value */
            const size_t at = text_find(file.content, said, 0);
            unread_folder_because(
                arena, folder, file, at == SIZE_MAX ? 0 : at,
                arena_printf(arena, "names %s (%s), which only alembic itself can put together", key, said));
        }
    }
    if (paths.count > 0) {
        folder->path = paths.items[0];
        folder->others = paths.count == 1 ? NULL : words_list(arena, &paths) + 1;
    }
}

/* Understands the same words for "on" as Python. */
static bool is_on(const char *value)
{
    static const char *const words[] = {"true", "yes", "on", "y", "t", "1", NULL};
    bool is = false;
    for (size_t i = 0; value != NULL && !is && words[i] != NULL; i++) {
        is = strcasecmp(words[i], value) == 0;
    }
    return is;
}

static void read_settings(struct arena *arena, struct folder *folder, const struct alembic_options *options)
{
    struct settings *const settings = arena_alloc(arena, sizeof *settings);
    settings->is_recursive = is_on(alembic_option(arena, options, "recursive_version_locations", NULL));
    folder->settings = settings;
}

/* Where the programs of a section are. */
static const char *location_of(struct arena *arena, const struct folder *folder, const struct alembic_options *options)
{
    const char *const said = alembic_option(arena, options, "script_location", NULL);
    if (said == NULL && folder_look(arena, folder, "env.py") == FILE_REGULAR) {
        return folder->base[0] == '\0' ? "." : folder->base; /* Flask-Migrate's: next to alembic.ini */
    }
    return location_path(arena, folder, said == NULL ? "alembic" : said);
}

/* If there are several sections, the one whose folder --migrations names. */
static const char *section_given(struct arena *arena, const struct folder *folder,
                                 const struct alembic_options *options)
{
    const struct words sections = alembic_other_sections(arena, options->ini.content);
    struct alembic_options other = *options;
    for (size_t i = 0; folder->given != NULL && i < sections.count; i++) {
        other.section = sections.items[i];
        const char *const location = location_of(arena, folder, &other);
        if (strcmp(folder->given, location) == 0 || strcmp(folder->given, versions_of(arena, folder, location)) == 0) {
            return other.section;
        }
    }
    return options->section;
}

/* `alembic -n SECTION upgrade head`. */
static const struct delegate *delegate_of(struct arena *arena, const char *section)
{
    const char **const run = arena_array(arena, 10, sizeof *run);
    struct delegate *const delegate = arena_alloc(arena, sizeof *delegate);
    *delegate = *framework_alembic.delegate;
    for (size_t i = 0; i < 10; i += 5) {
        run[i] = "-n";
        run[i + 1] = section;
        run[i + 2] = "upgrade";
        run[i + 3] = i == 0 ? "head" : "{version}";
    }
    delegate->run = run;
    delegate->run_to = run + 5;
    return delegate;
}

static bool alembic_configure(struct arena *arena, struct folder *folder)
{
    struct alembic_options options;
    struct source_file file;
    if (!alembic_options_read(arena, folder, &options)) {
        return false;
    }
    options.section = section_given(arena, folder, &options);
    const bool is_usual = strcmp(options.section, "alembic") == 0;
    const char *const said = alembic_option(arena, &options, "script_location", &file);
    if (is_usual) {
        alembic_note_sections(arena, folder, options.ini.content, said != NULL);
    }
    const char *const directory = location_of(arena, folder, &options);
    folder->path = versions_of(arena, folder, directory);
    folder->delegate = is_usual ? NULL : delegate_of(arena, options.section);
    alembic_read_program(arena, folder, directory, &options);
    if (said != NULL && config_is_computed(plain_location(arena, said))) {
        unread_folder(arena, folder, file, text_find(file.content, said, 0), "script_location");
    }
    read_version_locations(arena, folder, &options);
    read_settings(arena, folder, &options);
    alembic_note_databases(arena, folder, options.ini.content);
    folder->evidence = path_join(arena, folder->base, file.name);
    folder->confidence = CONFIDENCE_CERTAIN;
    return true;
}

/* ---- the ledger ---- */

/* A row that no file says, beside a file that says none: it may be that one's. Then neither is its file missing, nor is
 * it known what is before it. */
static void note_unread(struct ledger_reading *reading, const struct migration_file *unread, struct ledger_entry *head)
{
    head->missing_note = arena_printf(reading->arena,
                                      "It may be the revision of %s, which does not say it as plain text: whether its "
                                      "file is there is not known.",
                                      unread->filename);
    reading->entries.unclear =
        arena_printf(reading->arena,
                     "The tracking table has the revision %s, which may be that of %s: that file does not say its "
                     "revision as plain text, so what is applied cannot be known. Write revision = \"…\" at the start "
                     "of a line, or take the file out of the folder.",
                     ledger_entry_key(head), unread->filename);
}

/* An applied revision that computes what is before it, beside others that have no row: they may be before it. */
static void note_computed(struct ledger_reading *reading, const bool *applied)
{
    const struct migration_file *computed = NULL;
    bool is_left = false;
    for (size_t i = 0; i < reading->files->count; i++) {
        const struct migration_file *const file = &reading->files->items[i];
        const struct alembic_revision *const revision = file->own;
        computed = applied[i] && revision->is_computed ? file : computed;
        is_left = is_left || !applied[i];
    }
    if (computed != NULL && is_left && reading->entries.unclear == NULL) {
        reading->entries.unclear =
            arena_printf(reading->arena,
                         "%s is applied, and computes the revision before it: whether the others that have no row are "
                         "before it, and so are applied, cannot be known. Write its down_revision as plain text.",
                         computed->filename);
    }
}

/* The ledger has only the heads: everything before a head is applied as well. */
static bool alembic_read(struct ledger_reading *reading)
{
    const struct migration_files *const files = reading->files;
    struct ledger_entries *const entries = &reading->entries;
    bool *const applied = arena_array(reading->arena, files->count + 1, sizeof *applied);
    bool *const is_row = arena_array(reading->arena, files->count + 1, sizeof *is_row);
    if (!ledger_read_facts(reading, &framework_alembic.ledger)) {
        return false;
    }
    struct file_index index = file_index_of(reading->arena, files);
    const struct migration_file *const unread = alembic_unread(files);
    const struct ledger_entries heads = *entries;
    entries->items = arena_array(reading->arena, heads.count + files->count, sizeof *entries->items);
    entries->count = 0;
    for (size_t i = 0; i < heads.count; i++) {
        const struct migration_file *const file = file_index_find(&index, heads.items[i].key);
        if (file != NULL) {
            is_row[file - files->items] = true;
            continue;
        }
        struct ledger_entry *const head = &entries->items[entries->count++];
        *head = heads.items[i];
        if (unread != NULL) {
            note_unread(reading, unread, head);
        }
    }
    alembic_mark_applied(reading, is_row, applied);
    note_computed(reading, applied);
    for (size_t i = 0; i < files->count; i++) {
        if (applied[i]) {
            entries->items[entries->count] = heads.items[0];
            entries->items[entries->count].key = files->items[i].key;
            entries->items[entries->count++].name = files->items[i].name;
        }
    }
    return true;
}

/* The revisions that this one replaces, as a list in SQL. */
static void put_parents(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct alembic_revision *const revision = record->file->own;
    (void)ledger;
    buffer_puts(sql, "ARRAY[");
    for (size_t i = 0; i < revision->parents.count; i++) {
        buffer_puts(sql, i == 0 ? "" : ", ");
        pg_quote_literal(sql, text_of(revision->parents.items[i]));
    }
    buffer_puts(sql, "]::pg_catalog.text[]");
}

const struct framework framework_alembic = {
    .id = "alembic",
    .display_name = "Alembic",
    .tool = "alembic upgrade head",
    .ledger =
        {
            .shapes = SHAPES({.table = "alembic_version", .columns = "version_num:varchar", .only_columns = true}),
            .records_in_order = true,
            .read = "SELECT version_num AS key FROM {ledger} ORDER BY 1",
            .create = "CREATE TABLE {ledger} (version_num VARCHAR(32) NOT NULL, CONSTRAINT {identifier:*_pkc} PRIMARY "
                      "KEY (version_num));",
            .lock = LOCK_LEDGER,
            /* The same as `alembic stamp`. */
            .record = "DELETE FROM {ledger} WHERE version_num OPERATOR(pg_catalog.=) ANY ({parents});"
                      "INSERT INTO {ledger} (version_num) VALUES ({key});",
            .words = (const struct ledger_word[]){{.name = "parents", .sql = put_parents}, {0}},
        },
    .folder =
        {
            .places = WORDS("migrations/versions", "alembic/versions"),
            .counts_before_it_exists = true,
            .is_graph = true,
            .sure_by = WORDS("*.py: down_revision", "configured"),
            .files = FILES({.pattern = "__init__*", .passed_over = true}, {.pattern = ".#*", .passed_over = true},
                           {.pattern = "*.py", .is_code = true}),
        },
    .mentions = MENTIONS(
        {.words = "-c|--config", .beside = "alembic", .part = MENTION_PATH},
        {.words = "ALEMBIC_CONFIG", .part = MENTION_PATH},
        {.words = "-n|--name", .beside = "alembic", .part = MENTION_FOLDER, .is_usual = alembic_names_usual_section},
        {.files = "env.py", .words = "version_table"},
        {.files = "env.py", .words = "version_table_schema", .part = MENTION_SCHEMA},
        {.files = "*.py", .words = "version_table", .beside = "flask_migrate"},
        {.files = "*.py", .words = "version_table_schema", .beside = "flask_migrate", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .missing_blocks = true,
            .missing_note = "alembic stops at it (\"Can't locate revision\").",
        },
    .delegate =
        &(const struct delegate){
            .is_atomic = true,
            .programs = WORDS(".venv/bin/alembic", "venv/bin/alembic", "alembic"),
            .run = WORDS("upgrade", "head"),
            .run_to = WORDS("upgrade", "{version}"),
        },
    .hooks = {.configure = alembic_configure, .list = alembic_list, .read_ledger = alembic_read},
};
