/*
 * dbmate: numbered files with an up and a down part, recorded by their numbers. Facts seen with dbmate 2.36.0. Its
 * ledger is, column for column, that of Rails: the files tell them apart.
 */
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/formats/config.h"
#include "framework/formats/marked.h"

#include <string.h>

static const struct marks marks = {.up = "migrate:up", .down = "migrate:down", .needs_down = true};

/* ---- the folder ---- */

/* "20240101_create_users.sql", recorded as "20240101" (pkg/dbmate/migration.go). */
static bool dbmate_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    (void)warning;
    if (digits.size == 0 || !text_ends_with(text_of(name), ".sql")) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(".sql"));
    file->key = file->version = arena_strndup(arena, digits.data, digits.size);
    return true;
}

static bool dbmate_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    if (!listing_read(arena, folder, &(struct listing_rule){.accept = dbmate_accept}, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

/* "table" or "schema.table". */
static struct ledger ledger_of(struct arena *arena, const char *name)
{
    const char *const dot = strchr(name, '.');
    return (struct ledger){
        .schema = dot == NULL ? NULL : arena_strndup(arena, name, (size_t)(dot - name)),
        .table = dot == NULL ? name : dot + 1,
    };
}

static bool dbmate_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, ".env", &content)) {
        return false;
    }
    const char *const directory = config_value(arena, content, NULL, "DBMATE_MIGRATIONS_DIR");
    const char *const table = config_value(arena, content, NULL, "DBMATE_MIGRATIONS_TABLE");
    if (directory == NULL && table == NULL) {
        return false;
    }
    folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
    folder->ledger = table == NULL ? folder->ledger : ledger_of(arena, table);
    folder->evidence = ".env names DBMATE_MIGRATIONS_…";
    return true;
}

static bool has_up(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".sql") && marked_has(head, marks.up, false);
}

static bool dbmate_recognise(struct arena *arena, struct folder *folder)
{
    return marked_recognise(arena, folder, &marks, has_up);
}

static bool dbmate_script(struct arena *arena, const struct project *project, const struct folder *folder,
                          const struct migration_file *file, struct text content, struct migration_script *script,
                          struct status *status)
{
    struct text options;
    (void)project;
    (void)folder;
    if (!marked_script(arena, file, content, &marks, &options, script, status)) {
        return false;
    }
    script->each_alone = text_find(options, "transaction:false", 0) != SIZE_MAX;
    return true;
}

static bool dbmate_create_migration(struct arena *arena, const struct folder *folder, const char *name, int64_t wall_us,
                                    const char **migration, const char **file, const char **content,
                                    struct status *status)
{
    (void)folder;
    *content = "-- migrate:up\n\n\n-- migrate:down\n\n";
    return name_with_time(arena, name, wall_us, '_', ".sql", migration, file, status);
}

/* ---- the ledger ---- */

static bool dbmate_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT version AS key FROM %t ORDER BY version");
}

static void dbmate_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "CREATE TABLE %t (version varchar PRIMARY KEY);");
}

static void dbmate_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (version) VALUES (%s);", record->key);
}

const struct framework framework_dbmate = {
    .id = "dbmate",
    .display_name = "dbmate",
    .tool = "dbmate migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "schema_migrations",
                .columns = "version:varchar",
                .only_columns = true,
                .without = "ar_internal_metadata",
            },
            {0},
        },
    .folder.places = (const char *const[]){"db/migrations", "migrations", NULL},
    .hooks.configure = dbmate_configure,
    .hooks.recognise = dbmate_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "dbmate runs it, behind those that are applied already (--strict refuses).",
            .missing_note = "dbmate says nothing of it.",
        },
    .hooks.list = dbmate_list,
    .hooks.script = dbmate_script,
    .hooks.read_ledger = dbmate_read,
    .hooks.put_create = dbmate_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = dbmate_record,
    .hooks.create_migration = dbmate_create_migration,
};
