/*
 * sea-orm: programs of Rust, recorded by the names of their files. From the source of sea-orm-migration 1.1; its CLI
 * was not run here.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#include <string.h>

/* "m20260105_100000_create_users.rs" */
static bool sea_orm_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    if (name[0] != 'm' || leading_digits(text_of(name + 1)).size != 8 || !text_ends_with(text_of(name), ".rs")) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(".rs"));
    file->is_code = true;
    return true;
}

static bool sea_orm_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                         struct status *status)
{
    return listing_read(arena, folder, &(struct listing_rule){.accept = sea_orm_accept}, files, status);
}

static bool is_program(const char *name, bool is_directory, struct text head)
{
    return !is_directory && name[0] == 'm' && leading_digits(text_of(name + 1)).size == 8 &&
           text_find(head, "sea_orm_migration", 0) != SIZE_MAX;
}

static bool sea_orm_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, is_program);
    if (name == NULL) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = arena_printf(arena, "%s uses sea_orm_migration", path_join(arena, folder->path, name));
    return true;
}

static bool sea_orm_read(struct ledger_reading *reading)
{
    return ledger_read_rows(
        reading, "SELECT version AS key, pg_catalog.to_timestamp(applied_at) AS applied_at FROM %t ORDER BY version");
}

static void sea_orm_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL );");
}

static void sea_orm_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (\"version\", \"applied_at\") VALUES (%s, "
                "pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::bigint);",
                record->name);
}

const struct framework framework_sea_orm = {
    .id = "sea-orm",
    .display_name = "SeaORM",
    .tool = "sea-orm-cli migrate up",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "seaql_migrations", .columns = "version:varchar applied_at:int8", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"migration/src", "migrations/src", "src/migration", "src/migrator", NULL},
    .hooks.recognise = sea_orm_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sea-orm runs it in the order of its list in code, which is not read here.",
            .missing_blocks = true,
            .missing_note = "sea-orm stops at it (\"Migration file is missing\").",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"sea-orm-cli", NULL},
            .run = (const char *const[]){"migrate", "up", NULL},
        },
    .hooks.list = sea_orm_list,
    .hooks.read_ledger = sea_orm_read,
    .hooks.put_create = sea_orm_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = sea_orm_record,
};
