/*
 * Directus: a project's own programs in extensions/migrations, recorded by version next to the many migrations that are
 * part of Directus. Facts read in @directus/api (database/migrations/run.ts).
 */
#include "framework/coded/code.h"
#include "framework/core/configuration.h"
#include "framework/core/ledger.h"
#include "framework/core/package.h"
#include "framework/core/reading.h"

#include <ctype.h>
#include <string.h>

extern const struct framework framework_directus;

/* ---- the folder ---- */

/* MIGRATIONS_PATH means something else in other projects. */
static bool directus_configure(struct arena *arena, struct folder *folder)
{
    return folder_depends_on(arena, folder, "directus") &&
           configuration_read(arena, framework_directus.folder.configuration, folder);
}

/* The version is the part before the first dash. */
static bool directus_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                            const char **warning)
{
    const size_t size = strcspn(file->name, "-");
    (void)folder;
    (void)warning;
    file->key = file->version = arena_strndup(arena, file->name, size);
    return size > 0;
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

/* Rows without a file are Directus' own, or belong to a deleted file: there is no way to tell. */
static bool directus_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    size_t kept = 0;
    if (!ledger_read_facts(reading, &framework_directus.ledger)) {
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

/* "My Custom Migration" for 20201202A-my-custom-migration.js. */
static const char *title_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    char *const title = arena_strdup(arena, strchr(record->file->name, '-') + 1);
    (void)ledger;
    for (char *c = title; *c != '\0'; c++) {
        *c = *c == '-' || *c == '_' ? ' ' : *c;
        *c = c == title || c[-1] == ' ' ? (char)toupper((unsigned char)*c) : *c;
    }
    return title;
}

/* Eight digits, a letter, a dash. */
#define MIGRATION "{number:8}{A|B|C|D|E|F|G|H|I|J|K|L|M|N|O|P|Q|R|S|T|U|V|W|X|Y|Z}-*"

const struct framework framework_directus = {
    .id = "directus",
    .display_name = "Directus",
    .tool = "directus database migrate:latest",
    .ledger =
        {
            .shapes = SHAPES({
                .table = "directus_migrations",
                .columns = "version:varchar name:varchar timestamp:timestamptz",
                .only_columns = true,
            }),
            .read = "SELECT version AS key, name, \"timestamp\" AS applied_at FROM {ledger} ORDER BY \"timestamp\", "
                    "version",
            .create = "CREATE TABLE {ledger} (\"version\" varchar(255) NOT NULL, \"name\" varchar(255) NOT NULL, "
                      "\"timestamp\" timestamptz DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (\"version\"));",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version, name) VALUES ({key}, {words});",
            .words = (const struct ledger_word[]){{.name = "words", .text = title_of}, {0}},
        },
    .folder =
        {
            .places = WORDS("extensions/migrations", "migrations"),
            .configuration = &(const struct configuration){.files = WORDS(".env"),
                                                           .directory = "MIGRATIONS_PATH",
                                                           .is_of_others = true,
                                                           .is_environment = true},
            .sure_by = WORDS("package.json: directus & " MIGRATION),
            .likely_by = WORDS(MIGRATION),
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "*.d.{js|mjs|cjs}", .passed_over = true},
                           {.pattern = "*-*.{js|mjs|cjs}", .is_code = true}),
            .key = KEY_OF_HOOK,
        },
    .habits = {.late = LATE_RUNS, .late_note = "directus runs it with the next \"migrate:latest\"."},
    .delegate =
        &(const struct delegate){
            .programs = WORDS("node_modules/.bin/directus"),
            .run = WORDS("database", "migrate:latest"),
            .environment = WORDS("DB_CLIENT=pg", "DB_CONNECTION_STRING={url}"),
        },
    .hooks = {.configure = directus_configure, .accept = directus_accept, .read_ledger = directus_read},
};
