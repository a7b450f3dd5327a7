/*
 * Directus: a project's own programs in extensions/migrations, recorded by version beside the many that Directus brings
 * itself. Facts read in @directus/api (database/migrations/run.ts).
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"

#include <ctype.h>
#include <string.h>

/* ---- the folder ---- */

/* "20201202A-my-custom-migration.js"; the version is what stands in front of the first dash. */
static bool directus_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    const char *const dash = strchr(name, '-');
    file->is_code = true;
    file->name = code_stem(arena, name, (const char *const[]){".js", ".mjs", ".cjs", NULL});
    file->version = dash == NULL ? NULL : arena_strndup(arena, name, (size_t)(dash - name));
    file->key = file->version;
    return file->name != NULL && dash != NULL && dash > name;
}

static bool directus_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                          struct status *status)
{
    if (!listing_read(arena, folder, &(struct listing_rule){.accept = directus_accept}, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

/* Eight digits, a letter, a dash. */
static bool is_migration(const char *name, bool is_directory, struct text head)
{
    (void)head;
    return !is_directory && leading_digits(text_of(name)).size == 8 && isupper((unsigned char)name[8]) != 0 &&
           name[9] == '-';
}

static bool directus_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, "directus", is_migration);
}

/* ---- the ledger ---- */

static bool is_listed(const struct migration_files *files, const char *key)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(migration_file_key(&files->items[i]), key) == 0) {
            return true;
        }
    }
    return false;
}

/* Rows without a file are Directus' own, or of a file that is gone: nothing tells them apart. */
static bool directus_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    size_t kept = 0;
    if (!ledger_read_rows(reading, "SELECT version AS key, name, \"timestamp\" AS applied_at FROM %t "
                                   "ORDER BY \"timestamp\", version")) {
        return false;
    }
    for (size_t i = 0; i < entries->count; i++) {
        if (is_listed(reading->files, entries->items[i].key)) {
            entries->items[kept++] = entries->items[i];
        }
    }
    if (kept < entries->count) {
        ledger_warn(reading,
                    arena_printf(reading->arena,
                                 "%zu more migrations are recorded: those that Directus brings itself, and any "
                                 "of the project's own whose file is gone.",
                                 entries->count - kept));
    }
    entries->count = kept;
    return true;
}

static void directus_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"version\" varchar(255) NOT NULL, \"name\" varchar(255) NOT NULL, "
                "\"timestamp\" timestamptz DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (\"version\"));");
}

/* "My Custom Migration" of 20201202A-my-custom-migration.js. */
static const char *title_of(struct arena *arena, const char *stem)
{
    char *const title = arena_strdup(arena, strchr(stem, '-') + 1);
    for (char *c = title; *c != '\0'; c++) {
        *c = *c == '-' || *c == '_' ? ' ' : *c;
        *c = c == title || c[-1] == ' ' ? (char)toupper((unsigned char)*c) : *c;
    }
    return title;
}

static void directus_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (version, name) VALUES (%s, %s);", record->key,
                title_of(sql->arena, record->file->name));
}

const struct framework framework_directus = {
    .id = "directus",
    .display_name = "Directus",
    .tool = "directus database migrate:latest",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "directus_migrations",
                .columns = "version:varchar name:varchar timestamp:timestamptz",
                .only_columns = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"extensions/migrations", "migrations", NULL},
    .hooks.recognise = directus_recognise,

    .habits = {.late = LATE_RUNS, .late_note = "directus runs it with the next \"migrate:latest\"."},
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/directus", NULL},
            .run = (const char *const[]){"database", "migrate:latest", NULL},
            .environment = (const char *const[]){"DB_CLIENT=pg", "DB_CONNECTION_STRING={url}", NULL},
        },
    .hooks.list = directus_list,
    .hooks.read_ledger = directus_read,
    .hooks.put_create = directus_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = directus_record,
};
