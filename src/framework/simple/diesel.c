/*
 * Diesel: a directory a migration, with up.sql, recorded by the digits of its name. Facts seen with
 * diesel_migrations 2.2.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/formats/config.h"

#include <string.h>

#define METADATA_LIMIT ((size_t)64 * 1024)

/* "2026-01-05-100000_users" is version 20260105100000: up to the first underscore, without the dashes. */
static bool diesel_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    struct buffer version = {.arena = arena};
    (void)warning;
    for (const char *c = name; *c != '\0' && *c != '_'; c++) {
        if (*c != '-') {
            buffer_putc(&version, *c);
        }
    }
    file->key = file->version = buffer_string(&version);
    return name[0] != '.' && version.size > 0 && version.size <= 50;
}

/* By version, as text. */
static int compare(const struct migration_file *a, const struct migration_file *b)
{
    return strcmp(a->version, b->version);
}

static bool diesel_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    const struct listing_rule rule = {
        .accept = diesel_accept, .compare = compare, .directories = true, .script = "up.sql"};
    return listing_read(arena, folder, &rule, files, status);
}

static bool diesel_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, "diesel.toml", &content)) {
        return false;
    }
    const char *const directory = config_value(arena, content, "migrations_directory", "dir");
    folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
    folder->evidence = path_join(arena, folder->base, "diesel.toml");
    folder->confidence = CONFIDENCE_CERTAIN;
    return true;
}

static bool is_migration(const char *name, bool is_directory, struct text head)
{
    (void)head;
    return is_directory && strchr(name, '_') != NULL && leading_digits(text_of(name)).size >= 4;
}

static bool diesel_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, is_migration);
    const char *const script = name == NULL ? NULL : path_join(arena, path_join(arena, folder->path, name), "up.sql");
    if (script == NULL || file_look(path_join(arena, folder->root, script), NULL) != FILE_REGULAR) {
        return false;
    }
    folder->confidence = folder->evidence != NULL ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    folder->evidence = folder->evidence != NULL ? folder->evidence : script;
    return true;
}

/* A metadata.toml without run_in_transaction means false: a bool's default in Rust. Without the file it is true. */
static bool diesel_script(struct arena *arena, const struct project *project, const struct folder *folder,
                          const struct migration_file *file, struct text content, struct migration_script *script,
                          struct status *status)
{
    struct status ignored = {.arena = arena};
    struct text metadata;
    const char *const slash = strrchr(file->path, '/');
    const char *const path = arena_printf(arena, "%.*s/metadata.toml", (int)(slash - file->path), file->path);
    (void)project;
    (void)folder;
    (void)status;
    script->sql = content;
    if (file_look(path, NULL) == FILE_REGULAR && file_read(arena, path, METADATA_LIMIT, &metadata, &ignored)) {
        const char *const value = config_value(arena, metadata, NULL, "run_in_transaction");
        script->each_alone = value == NULL || strcmp(value, "true") != 0;
    }
    return true;
}

static bool diesel_create_migration(struct arena *arena, const struct folder *folder, const char *name, int64_t wall_us,
                                    const char **migration, const char **file, const char **content,
                                    struct status *status)
{
    const char *const slug = name_slug(arena, name, '_', status);
    (void)folder;
    if (slug == NULL) {
        return false;
    }
    *migration = arena_printf(arena, "%s_%s", name_time(arena, "%Y-%m-%d-%H%M%S", wall_us), slug);
    *file = arena_printf(arena, "%s/up.sql", *migration);
    *content = "-- Your SQL goes here\n";
    return true;
}

/* ---- the ledger ---- */

static bool diesel_read(struct ledger_reading *reading)
{
    return ledger_read_rows(
        reading, "SELECT version AS key, run_on AT TIME ZONE 'UTC' AS applied_at FROM %t ORDER BY run_on, version");
}

static void diesel_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (version VARCHAR(50) PRIMARY KEY NOT NULL, "
                "run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);");
}

static void diesel_session(struct buffer *sql, const struct ledger *ledger)
{
    (void)ledger;
    buffer_puts(sql, "SET TIME ZONE 'UTC';");
}

static void diesel_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (version, run_on) VALUES (%s, pg_catalog.timezone('UTC', pg_catalog.now()));",
                record->key);
}

const struct framework framework_diesel = {
    .id = "diesel",
    .display_name = "Diesel",
    .tool = "diesel migration run",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "__diesel_schema_migrations",
             .columns = "version:varchar run_on:timestamp",
             .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"migrations", NULL},
    .hooks.configure = diesel_configure,
    .hooks.recognise = diesel_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "diesel runs it, behind those that are applied already.",
            .missing_note = "diesel says nothing of it.",
        },
    .hooks.list = diesel_list,
    .hooks.script = diesel_script,
    .hooks.read_ledger = diesel_read,
    .hooks.put_create = diesel_create,
    .hooks.put_session = diesel_session,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = diesel_record,
    .hooks.create_migration = diesel_create_migration,
};
