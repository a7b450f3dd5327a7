/*
 * sea-orm: programs in Rust, recorded by the names of their files. Read in the source of sea-orm-migration 1.1; its CLI
 * was not run.
 */
#include "framework/core/framework.h"

const struct framework framework_sea_orm = {
    .id = "sea-orm",
    .display_name = "SeaORM",
    .tool = "sea-orm-cli migrate up",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "seaql_migrations", .columns = "version:varchar applied_at:int8", .only_columns = true}),
            .read = "SELECT version AS key, pg_catalog.to_timestamp(applied_at) AS applied_at FROM {ledger} ORDER BY "
                    "version",
            .create =
                "CREATE TABLE {ledger} ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL "
                ");",
            .lock = LOCK_LEDGER,
            .record =
                "INSERT INTO {ledger} (\"version\", \"applied_at\") VALUES ({name}, pg_catalog.date_part('epoch', "
                "pg_catalog.clock_timestamp())::pg_catalog.int8);",
        },
    .folder =
        {
            .places = WORDS("migration/src", "migrations/src", "src/migration", "src/migrator"),
            .sure_by = WORDS("m{number}_*.rs: sea_orm_migration"),
            /* "m20260105_100000_create_users.rs" */
            .files = FILES({.pattern = "m{number}_*.rs", .is_code = true}),
        },
    .mentions =
        MENTIONS({.files = "*.rs", .words = "fn migration_table_name", .beside = "sea_orm_migration|SeaRc|Iden"},
                 {.words = "DATABASE_SCHEMA|--database-schema",
                  .beside = "sea-orm|sea_orm|DATABASE_SCHEMA",
                  .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sea-orm runs it in the order of its list in code, which is not read here.",
            .missing_blocks = true,
            .missing_note = "sea-orm stops at it (\"Migration file is missing\").",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("sea-orm-cli"),
            .run = WORDS("migrate", "up"),
        },
};
