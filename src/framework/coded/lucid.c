/*
 * Lucid (AdonisJS): programs recorded by their paths in the project without the suffix, with a number for each run.
 * Facts read in its source (21: src/migration/runner.ts, source.ts); the runner of 21.8.2 has listed and judged what we
 * list and mark.
 */
#include "framework/coded/code.h"

#include <string.h>

/* "database/migrations/1700000000000_users" */
static bool lucid_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                         const char **warning)
{
    const char *const dot = strrchr(file->filename, '.');
    const char *const stem = arena_strndup(arena, file->filename, (size_t)(dot - file->filename));
    (void)warning;
    file->key = path_join(arena, path_below(folder->base, folder->path), stem);
    file->name = stem;
    return true;
}

/* The paths of its connections. Others have a file of this name, too. */
static bool lucid_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    const char *const name = code_config(arena, folder, WORDS("config/database.ts", "config/database.js"), &source);
    if (name == NULL || text_find(source, "migrations", 0) == SIZE_MAX) {
        return false;
    }
    folder->path = code_directory_of(arena, folder, &(const struct source_file){name, source},
                                     WORDS("migrations", "paths"), false);
    return true;
}

#define CONFIGURATION "config/database.ts config/database.js"

const struct framework framework_lucid = {
    .id = "lucid",
    .display_name = "Lucid",
    .tool = "node ace migration:run",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "adonis_schema", .columns = "id:int4 name:varchar batch:int4 migration_time:timestamptz"}),
            .read = "SELECT name AS key, migration_time AS applied_at FROM {ledger} ORDER BY id",
            /* Version 2 of the rows: the paths have slashes. */
            .create = "CREATE TABLE {ledger} (\"id\" serial PRIMARY KEY, \"name\" varchar(255) NOT NULL, \"batch\" "
                      "integer NOT NULL, \"migration_time\" timestamptz DEFAULT CURRENT_TIMESTAMP);"
                      "CREATE TABLE IF NOT EXISTS {ledger:*_versions} (\"version\" integer PRIMARY KEY);"
                      "{guard:*_versions}INSERT INTO {ledger:*_versions} (\"version\") SELECT 2 WHERE NOT EXISTS "
                      "(SELECT FROM {ledger:*_versions});",
            .record = "INSERT INTO {ledger} (\"name\", \"batch\") VALUES ({key}, {next:batch});",
            .advisory_locks = KEYS(1),
        },
    .folder =
        {
            .places = WORDS("database/migrations"),
            .sure_by =
                WORDS("*.ts: @adonisjs/lucid/schema|Adonis/Lucid/Schema", "package.json: @adonisjs/lucid & *.{ts|js}"),
            .files = FILES(SCRIPTS),
            .recursive = true,
            .drops_twins = true,
            .key = KEY_OF_HOOK,
        },
    .mentions = MENTIONS({.files = CONFIGURATION, .words = "tableName", .beside = "migrations:"},
                         {.files = CONFIGURATION, .words = "searchPath", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "ace runs it, after those that are applied already.",
            .missing_note = "ace shows it as corrupt, and goes on.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("node"),
            .run = WORDS("ace", "migration:run", "--force"),
            /* As read in the config/database.ts of its templates. */
            .environment = WORDS("DB_CONNECTION=pg", "DB_HOST={host}", "DB_PORT={port}", "DB_USER={user}",
                                 "DB_PASSWORD={password}", "DB_DATABASE={database}", "PG_HOST={host}", "PG_PORT={port}",
                                 "PG_USER={user}", "PG_PASSWORD={password}", "PG_DB_NAME={database}"),
        },
    .hooks = {.configure = lucid_configure, .accept = lucid_accept},
};
