/*
 * golang-migrate: numbered pairs of files, and a ledger of one row: the last version, and whether it is dirty. Facts
 * measured with its CLI 4.18.3.
 */
#include "framework/core/crc.h"
#include "framework/core/framework.h"

/* CRC-32 of schema, table and database, times a constant, modulo 2^32 (database/util.go). Opened by a URL, as in its
 * CLI, the database is the path of the URL with its slash; WithInstance has no slash. */
static size_t golang_migrate_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    for (size_t i = 0; i < 2; i++) {
        uint32_t crc = crc32_add(0, text_of(ledger->schema));
        crc = crc32_add(crc, (struct text){"", 1});
        crc = crc32_add(crc, text_of(ledger->table));
        crc = crc32_add(crc, (struct text){"", 1});
        crc = crc32_add(crc, text_of(i == 0 ? "/" : ""));
        keys[i] = (int64_t)(uint32_t)(crc32_add(crc, text_of(database)) * UINT32_C(1486364155));
    }
    return 2;
}

#define PUT_LAST(dirty) "TRUNCATE {ledger};INSERT INTO {ledger} (version, dirty) VALUES ({key}, " dirty ");"
#define PUT_BEFORE                                                                                                     \
    "TRUNCATE {ledger};INSERT INTO {ledger} (version, dirty) SELECT {before}, false WHERE {before} IS NOT NULL;"

const struct framework framework_golang_migrate = {
    .id = "golang-migrate",
    .display_name = "golang-migrate",
    .tool = "migrate up",
    .sent = SENT_WHOLE,
    .ledger =
        {
            .shapes =
                SHAPES({.table = "schema_migrations", .columns = "version:int8 dirty:bool", .only_columns = true}),
            .failed_entry_blocks = true,
            .failed_note = "migrate says \"Dirty database version\", until `migrate force`",
            .records_in_order = true,
            .knows_only_last = true,
            .read = "SELECT version::pg_catalog.text AS key, CASE WHEN dirty THEN 'failed' END AS state FROM {ledger} "
                    "WHERE version OPERATOR(pg_catalog.>=) 0 OR dirty ORDER BY version DESC LIMIT 2",
            .create = "CREATE TABLE {ledger} (version bigint not null primary key, dirty boolean not null);",
            .record = PUT_LAST("false"),
            .start = PUT_LAST("true"),
            .forget = PUT_BEFORE,
            .mark_rolled_back = PUT_BEFORE,
        },
    .folder =
        {
            .places =
                WORDS("migrations", "db/migrations", "db/migration", "internal/db/migrations", "database/migrations"),
            .named_by = "go.mod: golang-migrate/migrate",
            .sure_by = WORDS("{number}_*.up.sql & go.mod: golang-migrate/migrate|mattes/migrate"),
            /* bun, Pop, morph, go-pg and sqlx have files with the same names. */
            .doubted_by = WORDS("{number}_*.up.sql & go.mod: "
                                "github.com/uptrace/bun|github.com/gobuffalo/|github.com/ory/pop|mattermost/morph|"
                                "go-pg/migrations|go-pg-migrations",
                                "{number}_*.up.sql & Cargo.toml"),
            .likely_by = WORDS("{number}_*.up.sql"),
            /* Any ending counts (source/parse.go). A version with a down file alone is one as well, an empty one
             * (versionExists and newMigration of migrate.go). */
            .files = FILES({.pattern = "{number}_*.up.sql"}, {.pattern = "{number}_*.down.sql", .is_down = true},
                           {.pattern = "{number}_*.up.*"}, {.pattern = "{number}_*.down.*", .is_down = true}),
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .makes = {"{utc:%Y%m%d%H%M%S}_{slug}.up.sql", ""},
        },
    .mentions =
        MENTIONS({.words = "?search_path|&search_path", .beside = "postgres", .part = MENTION_SCHEMA},
                 {.words = "-path|--path|-source|--source", .beside = "migrate", .part = MENTION_PATH},
                 {.files = "*.go",
                  .words = "migrate.New(|migrate.NewWithDatabaseInstance(",
                  .beside = "golang-migrate/migrate",
                  .part = MENTION_PATH},
                 {.files = "*.go",
                  .words = "iofs.New(",
                  .beside = "golang-migrate/migrate",
                  .part = MENTION_PATH,
                  .argument = 1},
                 {.files = "*.go", .words = "MigrationsTable", .beside = "golang-migrate/migrate"},
                 {.files = "*.go", .words = "SchemaName", .beside = "golang-migrate/migrate", .part = MENTION_SCHEMA},
                 {.files = "*.go Makefile makefile GNUmakefile *.mk justfile Justfile Taskfile.yml Taskfile.yaml "
                           "Dockerfile* *.{yml|yaml} *.sh .env .env.* .envrc package.json",
                  .words = "x-migrations-table"}),
    .habits =
        {
            .late = LATE_SKIPPED,
            .late_note = "migrate never runs it: its tracking table knows only the last version.",
            .missing_blocks = true,
            .missing_note = "migrate stops at it (\"no migration found for version\").",
        },
    .hooks = {.advisory_locks = golang_migrate_locks},
};
