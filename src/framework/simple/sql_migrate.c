/*
 * sql-migrate: files with an up and a down part, recorded by their whole names. Facts seen with sql-migrate 1.0
 * (Debian).
 */
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/formats/config.h"
#include "framework/formats/marked.h"

#include <string.h>

static const struct marks marks = {.up = "+migrate Up", .down = "+migrate Down"};

/* ---- the folder ---- */

static bool sql_migrate_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    (void)warning;
    file->version = digits.size == 0 ? NULL : arena_strndup(arena, digits.data, digits.size);
    return text_ends_with(text_of(name), ".sql");
}

/* By the number that names begin with; those without one come last (sql-migrate's Less). */
static int compare(const struct migration_file *a, const struct migration_file *b)
{
    if ((a->version == NULL) != (b->version == NULL)) {
        return a->version == NULL ? 1 : -1;
    }
    return a->version == NULL ? listing_by_name(a, b) : listing_by_version(a, b);
}

static bool sql_migrate_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                             struct status *status)
{
    const struct listing_rule rule = {.accept = sql_migrate_accept, .compare = compare};
    return listing_read(arena, folder, &rule, files, status);
}

/* dbconfig.yml has environments; the first one's that says a directory is taken. */
static bool sql_migrate_configure(struct arena *arena, struct folder *folder)
{
    static const char *const environments[] = {"production", "development", "staging", "test"};
    struct text content;
    if (!folder_read(arena, folder, "dbconfig.yml", &content)) {
        return false;
    }
    folder->evidence = "dbconfig.yml";
    for (size_t i = 0; i < sizeof environments / sizeof environments[0] && folder->path == NULL; i++) {
        const char *const directory = config_yaml(arena, content, (const char *const[]){environments[i], "dir", NULL});
        if (directory != NULL) {
            folder->path = path_join(arena, folder->base, directory);
            folder->ledger.table = config_yaml(arena, content, (const char *const[]){environments[i], "table", NULL});
            folder->ledger.schema = config_yaml(arena, content, (const char *const[]){environments[i], "schema", NULL});
        }
    }
    return true;
}

static bool has_up(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".sql") && marked_has(head, marks.up, false);
}

static bool sql_migrate_recognise(struct arena *arena, struct folder *folder)
{
    return marked_recognise(arena, folder, &marks, has_up);
}

static bool sql_migrate_script(struct arena *arena, const struct project *project, const struct folder *folder,
                               const struct migration_file *file, struct text content, struct migration_script *script,
                               struct status *status)
{
    struct text options;
    (void)project;
    (void)folder;
    if (!marked_script(arena, file, content, &marks, &options, script, status)) {
        return false;
    }
    script->each_alone = text_find(options, "notransaction", 0) != SIZE_MAX;
    return true;
}

static bool sql_migrate_create_migration(struct arena *arena, const struct folder *folder, const char *name,
                                         int64_t wall_us, const char **migration, const char **file,
                                         const char **content, struct status *status)
{
    (void)folder;
    *content = "\n-- +migrate Up\n\n-- +migrate Down\n";
    if (!name_with_time(arena, name, wall_us, '-', ".sql", migration, file, status)) {
        return false;
    }
    *migration = *file;
    return true;
}

/* ---- the ledger ---- */

static bool sql_migrate_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT id AS key, applied_at FROM %t ORDER BY applied_at, id");
}

static void sql_migrate_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "CREATE TABLE %t (id text NOT NULL PRIMARY KEY, applied_at timestamp with time zone);");
}

static void sql_migrate_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (id, applied_at) VALUES (%s, pg_catalog.clock_timestamp());",
                record->name);
}

const struct framework framework_sql_migrate = {
    .id = "sql-migrate",
    .display_name = "sql-migrate",
    .tool = "sql-migrate up",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "gorp_migrations", .columns = "id:text applied_at:timestamptz", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "migrations/postgres", "db/migrations", NULL},
    .hooks.configure = sql_migrate_configure,
    .hooks.recognise = sql_migrate_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sql-migrate runs it, behind those that are applied already.",
            .missing_blocks = true,
            .missing_note = "sql-migrate stops at it (\"unknown migration in database\").",
        },
    .hooks.list = sql_migrate_list,
    .hooks.script = sql_migrate_script,
    .hooks.read_ledger = sql_migrate_read,
    .hooks.put_create = sql_migrate_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = sql_migrate_record,
    .hooks.create_migration = sql_migrate_create_migration,
};
