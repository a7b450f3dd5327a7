/*
 * bun (Go): numbered files, also in directories below, recorded by their numbers, with a batch number for each run; a
 * row of a second table is its lock. Read in uptrace/bun migrate/ (042b10a); nothing was measured.
 */
#include "framework/core/framework.h"

/* Runs PL/pgSQL statements unless there is no table of locks: a program may give it another name. */
#define ON_LOCKS(statements)                                                                                           \
    "DO {'BEGIN IF pg_catalog.to_regclass({'{ledger:bun_migration_locks}'}) IS NOT NULL THEN "                         \
    "{guard:bun_migration_locks}" statements " END IF; END'};"

const struct framework framework_bun = {
    .id = "bun",
    .display_name = "bun",
    .tool = "bun db migrate",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "bun_migrations",
                .columns = "id:int8 name:varchar group_id:int8 migrated_at:timestamptz",
                .by_shape = true,
            }),
            .read = "SELECT name AS key, migrated_at AS applied_at FROM {ledger} ORDER BY id",
            .create =
                "CREATE TABLE {ledger} (\"id\" bigserial NOT NULL, \"name\" varchar, \"group_id\" bigint, "
                "\"migrated_at\" timestamp with time zone NOT NULL DEFAULT current_timestamp, PRIMARY KEY (\"id\"));"
                "CREATE TABLE IF NOT EXISTS {ledger:bun_migration_locks} (\"id\" bigserial NOT NULL, "
                "\"table_name\" varchar, PRIMARY KEY (\"id\"), UNIQUE (\"table_name\"));",
            .lock =
                ON_LOCKS("INSERT INTO {ledger:bun_migration_locks} (table_name) VALUES ({table}) ON CONFLICT DO "
                         "NOTHING; IF NOT FOUND THEN RAISE 'bun has its lock: a row of bun_migration_locks' USING "
                         "ERRCODE = '55P03', HINT = 'Is it running? A run that died leaves the row: bun db unlock.'; "
                         "END IF;"),
            .unlock =
                ON_LOCKS("DELETE FROM {ledger:bun_migration_locks} WHERE table_name OPERATOR(pg_catalog.=) {table};"),
            .record =
                "INSERT INTO {ledger} (name, group_id) VALUES ({key}, (SELECT coalesce(pg_catalog.max(group_id), 0) "
                "OPERATOR(pg_catalog.+) 1 FROM {ledger}));",
        },
    .folder =
        {
            .places = WORDS("migrations", "cmd/bun/migrations", "db/migrations"),
            .sure_by = WORDS("go.mod: github.com/uptrace/bun & {number:1-14}_*.tx.up.sql",
                             "go.mod: github.com/uptrace/bun & {number:1-14}_*.up.sql: --bun:split",
                             "go.mod: github.com/uptrace/bun & {number:1-14}_*.go: "
                             "Migrations.Register|Migrations.MustRegister|.Register(func(ctx"),
            .doubted_by = WORDS("go.mod: github.com/uptrace/bun & {number:1-14}_*.up.sql"), /* or golang-migrate's */
            .likely_by = WORDS("{number:1-14}_*.tx.up.sql", "{number:1-14}_*.up.sql: --bun:split"),
            .files = FILES({.pattern = "{number:1-14}_*.tx.up.sql"},
                           {.pattern = "{number:1-14}_*.up.sql", .no_transaction = true},
                           {.pattern = "{number:1-14}_*.go", .is_code = true}),
            .recursive = true,
            .order = ORDER_OF_KEYS,
            .key = KEY_NUMBER_AS_WRITTEN,
            .makes = {"{utc:%Y%m%d%H%M%S}_{slug}.tx.up.sql", "SET statement_timeout = 0;\n\n--bun:split\n\nSELECT 1\n"},
        },
    .mentions = MENTIONS({.words = "?search_path|&search_path", .beside = "postgres", .part = MENTION_SCHEMA},
                         {.files = "*.go", .words = "WithTableName(", .beside = "uptrace/bun/migrate"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "bun runs it, behind those that are applied already.",
            .missing_note = "bun says nothing of it.",
        },
};
