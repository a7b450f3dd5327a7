/*
 * sql-migrate: files with an up and a down part, recorded by their whole names. Facts measured with sql-migrate 1.0
 * (Debian).
 */
#include "framework/core/layout.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"

#include <string.h>

static const char *const environments[] = {"production", "development", "staging", "test"};
enum { ENVIRONMENTS = sizeof environments / sizeof environments[0] };

static bool is_same(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

/* The environment of a run is given only to the tool (-env): if two environments differ, either could be meant, so the
 * user is asked. */
static void ask_where_they_differ(struct arena *arena, struct folder *folder, struct source_file file, size_t taken)
{
    for (size_t i = taken + 1; i < ENVIRONMENTS; i++) {
        const char *const here = config_yaml(arena, file.content, (const char *const[]){environments[i], "dir", NULL});
        const size_t at = text_find(file.content, arena_printf(arena, "%s:", environments[i]), 0);
        if (here == NULL) {
            continue;
        }
        if (!is_same(path_join(arena, folder->base, here), folder->path)) {
            unread_folder_because(arena, folder, file, at,
                                  arena_printf(arena, "has another dir for %s (%s) than for %s", environments[i], here,
                                               environments[taken]));
        }
        if (!is_same(config_yaml(arena, file.content, (const char *const[]){environments[i], "table", NULL}),
                     folder->ledger.table) ||
            !is_same(config_yaml(arena, file.content, (const char *const[]){environments[i], "schema", NULL}),
                     folder->ledger.schema)) {
            unread_ledger_because(
                arena, folder, file, at,
                arena_printf(arena, "has another table for %s than for %s", environments[i], environments[taken]));
        }
    }
}

/* dbconfig.yml has environments: the first one that names a directory is taken, and the others should name the same. */
static bool sql_migrate_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, "dbconfig.yml", &content)) {
        return false;
    }
    const struct source_file file = {"dbconfig.yml", content};
    folder->evidence = path_join(arena, folder->base, "dbconfig.yml");
    for (size_t i = 0; i < ENVIRONMENTS && folder->path == NULL; i++) {
        const char *const path[] = {environments[i], "dir", NULL};
        const char *const directory = config_yaml(arena, content, path);
        unread_folder(arena, folder, file, config_yaml_unread(arena, content, path), "dir");
        if (directory != NULL && folder->unread == NULL) {
            folder->path = path_join(arena, folder->base, directory);
            folder->ledger.table = config_yaml(arena, content, (const char *const[]){environments[i], "table", NULL});
            folder->ledger.schema = config_yaml(arena, content, (const char *const[]){environments[i], "schema", NULL});
            ask_where_they_differ(arena, folder, file, i);
        }
    }
    return true;
}

const struct framework framework_sql_migrate = {
    .id = "sql-migrate",
    .display_name = "sql-migrate",
    .tool = "sql-migrate up",
    .sent = SENT_IN_TRANSACTION_EACH,
    .sent_unwrapped = SENT_EACH,
    .ledger =
        {
            .shapes =
                SHAPES({.table = "gorp_migrations", .columns = "id:text applied_at:timestamptz", .only_columns = true}),
            .read = "SELECT id AS key, applied_at FROM {ledger} ORDER BY applied_at, id",
            .create = "CREATE TABLE {ledger} (id pg_catalog.text NOT NULL PRIMARY KEY, applied_at timestamp with time "
                      "zone);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (id, applied_at) VALUES ({name}, {clock});",
        },
    .folder =
        {
            .places = WORDS("migrations", "migrations/postgres", "db/migrations"),
            .named_by = "go.mod: rubenv/sql-migrate",
            .sure_by = WORDS("*.sql: -- +migrate Up"),
            .files = FILES({.pattern = "{number}*.sql"}, {.pattern = "*.sql"}),
            .whole_names = true,
            .order = ORDER_OF_NUMBERS, /* those without one come last (sql-migrate's Less) */
            .marks = {.up = "+migrate Up", .down = "+migrate Down", .drops_comments = true, .drops_returns = true},
            .alone = {ALONE_UP_LINE, "notransaction"},
            .makes = {"{utc:%Y%m%d%H%M%S}-{slug:-}.sql", "\n-- +migrate Up\n\n-- +migrate Down\n"},
        },
    .mentions =
        MENTIONS({.files = "*.go", .words = "SetTable(", .beside = "rubenv/sql-migrate"},
                 {.files = "*.go", .words = "SetSchema(", .beside = "rubenv/sql-migrate", .part = MENTION_SCHEMA},
                 {.files = "*.go", .words = "Dir", .beside = "FileMigrationSource{", .part = MENTION_PATH},
                 {.files = "*.go",
                  .words = "MemoryMigrationSource{|AssetMigrationSource{",
                  .beside = "rubenv/sql-migrate",
                  .part = MENTION_ELSEWHERE},
                 {.files = "*.go", .words = "Root", .beside = "EmbedFileSystemMigrationSource{", .part = MENTION_PATH},
                 {.files = "*.go", .words = "TableName", .beside = "rubenv/sql-migrate"},
                 {.files = "*.go", .words = "SchemaName", .beside = "rubenv/sql-migrate", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sql-migrate runs it, after those that are applied already.",
            .missing_blocks = true,
            .missing_note = "sql-migrate stops at it (\"unknown migration in database\").",
        },
    .hooks = {.configure = sql_migrate_configure},
};
