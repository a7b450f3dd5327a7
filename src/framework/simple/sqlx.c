/*
 * sqlx: numbered files, each recorded with its SHA-384. Facts measured with sqlx 0.8.3.
 */
#include "framework/core/framework.h"

/* The description in the ledger, next to the number: the rest of the name, with every underscore turned into a
 * space. */
static bool sqlx_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                        const char **warning)
{
    char *const words = arena_strdup(arena, file->title);
    (void)folder;
    (void)warning;
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    file->title = words;
    return true;
}

#define PUT_ROW(success, time)                                                                                         \
    "INSERT INTO {ledger} (version, description, success, checksum, execution_time) VALUES ({key}, {title}, " success  \
    ", pg_catalog.decode({checksum}, 'hex'), " time ");"
#define FORGET "DELETE FROM {ledger} WHERE version OPERATOR(pg_catalog.=) {key} AND NOT success;"

const struct framework framework_sqlx = {
    .id = "sqlx",
    .display_name = "sqlx",
    .tool = "sqlx migrate run",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "_sqlx_migrations",
                .columns = "version:int8 description:text installed_on:timestamptz success:bool checksum:bytea "
                           "execution_time:int8",
                .by_shape = true,
            }),
            .failed_entry_blocks = true,
            .failed_note = "sqlx says that the migration is dirty",
            .read = "SELECT version::pg_catalog.text AS key, pg_catalog.concat(version, ' ', description) AS name, "
                    "pg_catalog.encode(checksum, 'hex') AS checksum, installed_on AS applied_at, "
                    "CASE WHEN success THEN NULL ELSE 'failed' END AS state, CASE WHEN execution_time "
                    "OPERATOR(pg_catalog.>=) 0 THEN execution_time OPERATOR(pg_catalog./) 1000000 END AS duration_ms "
                    "FROM {ledger} ORDER BY version",
            .create = "CREATE TABLE {ledger} (version BIGINT PRIMARY KEY, description pg_catalog.text NOT NULL, "
                      "installed_on timestamp with time zone NOT NULL DEFAULT pg_catalog.now(), success BOOLEAN NOT "
                      "NULL, checksum pg_catalog.bytea NOT NULL, execution_time BIGINT NOT NULL);",
            .record = PUT_ROW("true", "{took:ns}"),
            .start = PUT_ROW("false", "-1"),
            .forget = FORGET,
            .finish = "UPDATE {ledger} SET success = true, checksum = pg_catalog.decode({checksum}, 'hex'), "
                      "execution_time = (extract(epoch FROM {clock} OPERATOR(pg_catalog.-) installed_on) "
                      "OPERATOR(pg_catalog.*) 1000000000)::bigint WHERE version OPERATOR(pg_catalog.=) {key};",
            .mark_applied = FORGET PUT_ROW("true", "0"),
            .mark_rolled_back = FORGET,
            .database_lock = 0x3d32ad9e,
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations"),
            .configuration = /* of sqlx 0.9 */
            &(const struct configuration){.files = WORDS("sqlx.toml"),
                                          .directory = "migrate.migrations-dir",
                                          .table = "migrate.table-name",
                                          .is_of_others = true},
            .sure_by = WORDS("Cargo.toml: sqlx & {number}_*.sql"),
            .files = FILES({.pattern = "*.down.sql", .passed_over = true}, {.pattern = "{number}_{title}.up.sql"},
                           {.pattern = "{number}_{title}.sql"},
                           {.pattern = "*_*.sql",
                            .passed_over = true,
                            .warning = "does not begin with a number: sqlx stops at it."}),
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .alone = {ALONE_START, "-- no-transaction"},
            .checksum = "SHA384",
            .makes = {"{utc:%Y%m%d%H%M%S}_{slug}.sql", "-- Add migration script here\n"},
        },
    .mentions = MENTIONS({.words = "--source", .beside = "sqlx", .part = MENTION_PATH},
                         {.files = "*.rs", .words = "migrate!(", .beside = "sqlx", .part = MENTION_PATH},
                         {.files = "*.rs", .words = "Path::new(", .beside = "Migrator::new(", .part = MENTION_PATH},
                         {.files = "sqlx.toml", .words = "table-name"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sqlx runs it, behind those that are applied already.",
            .edited_blocks = true,
            .edited_note = "sqlx stops at it (\"was previously applied but has been modified\").",
            .missing_blocks = true,
            .missing_note = "sqlx stops at it (\"was previously applied but is missing\").",
        },
    .hooks = {.accept = sqlx_accept},
};
