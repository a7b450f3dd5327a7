/*
 * Diesel: each directory is a migration, with up.sql, recorded by the digits of its name. Facts measured with
 * diesel_migrations 2.2.
 */
#include "framework/core/framework.h"
#include "framework/formats/config.h"

#include <string.h>

#define METADATA_LIMIT ((size_t)64 * 1024)
#define LONGEST_KEY    50 /* its column's length */

/* "2026-01-05-100000_users" is version 20260105100000: up to the first underscore, without the dashes. */
static bool diesel_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                          const char **warning)
{
    struct buffer version = {.arena = arena};
    (void)folder;
    (void)warning;
    for (const char *c = file->name; *c != '\0' && *c != '_'; c++) {
        if (*c != '-') {
            buffer_putc(&version, *c);
        }
    }
    file->key = file->version = buffer_string(&version);
    return version.size > 0 && version.size <= LONGEST_KEY;
}

/* metadata.toml next to the script says whether it runs in a transaction. */
static bool diesel_script(const struct script_request *request)
{
    struct status ignored = {.arena = request->arena};
    struct text metadata;
    const char *const path =
        path_join(request->arena, path_above(request->arena, request->file->path), "metadata.toml");
    if (request->content.size == 0) { /* run_sql_from_file of file_based_migrations.rs */
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "%s is empty, at which diesel stops (EmptyMigration): a comment is enough.",
                           request->file->filename);
    }
    if (file_look(path, NULL) == FILE_REGULAR && file_read(request->arena, path, METADATA_LIMIT, &metadata, &ignored)) {
        const char *const value = config_value(request->arena, metadata, NULL, "run_in_transaction");
        request->script->no_transaction = value == NULL || strcmp(value, "true") != 0;
    }
    return true;
}

const struct framework framework_diesel = {
    .id = "diesel",
    .display_name = "Diesel",
    .tool = "diesel migration run",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({.table = "__diesel_schema_migrations",
                              .columns = "version:varchar run_on:timestamp",
                              .only_columns = true}),
            .read = "SELECT version AS key, pg_catalog.timezone('UTC', run_on) AS applied_at FROM {ledger} "
                    "ORDER BY run_on, version",
            .create = "CREATE TABLE {ledger} (version VARCHAR(50) PRIMARY KEY NOT NULL, "
                      "run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);",
            .session = "SET TIME ZONE 'UTC';",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version, run_on) VALUES "
                      "({key}, pg_catalog.timezone('UTC', pg_catalog.now()));",
        },
    .folder =
        {
            .places = WORDS("migrations"),
            .configuration =
                &(const struct configuration){.files = WORDS("diesel.toml"), .directory = "migrations_directory.dir"},
            .sure_by = WORDS("configured & {number:4-255}*_*/"),
            .likely_by = WORDS("{number:4-255}*_*/"),
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "*"}),
            .script = "up.sql",
            .order = ORDER_OF_KEYS,
            .makes = {"{utc:%Y-%m-%d-%H%M%S}_{slug}/up.sql", "-- Your SQL goes here\n"},
        },
    .mentions = MENTIONS({.words = "--config-file|DIESEL_CONFIG_FILE", .beside = "diesel", .part = MENTION_PATH},
                         {.words = "--migration-dir|MIGRATION_DIRECTORY", .beside = "diesel", .part = MENTION_PATH},
                         {.files = "*.rs", .words = "embed_migrations!(", .beside = "diesel", .part = MENTION_PATH}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "diesel runs it, after those that are applied already.",
            .missing_note = "diesel says nothing of it.",
        },
    .hooks = {.accept = diesel_accept, .script = diesel_script},
};
