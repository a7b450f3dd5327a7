/*
 * refinery: V1__name.sql, recorded with a SipHash of name, version and text. Facts measured with refinery_core 0.9.0.
 * The file names are the same as Flyway's: the Rust project tells them apart.
 */
#include "framework/core/framework.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rust's Hash of (name, version, sql): a text is its bytes and 0xFF, a number its bytes, the lowest first. */
static const char *hash_of(struct arena *arena, const struct migration_file *file, struct text content, int size)
{
    struct buffer bytes = {.arena = arena};
    const int64_t version = strtoll(file->version, NULL, 10);
    buffer_puts(&bytes, file->title);
    buffer_putc(&bytes, (char)0xFF);
    for (int i = 0; i < size; i++) {
        buffer_putc(&bytes, (char)(version >> (8 * i)));
    }
    buffer_add(&bytes, content);
    buffer_putc(&bytes, (char)0xFF);
    return arena_printf(arena, "%" PRIu64, siphash13_of(buffer_text(&bytes)));
}

static const char *refinery_checksum(struct arena *arena, const struct folder *folder,
                                     const struct migration_file *file, struct text content)
{
    (void)folder;
    return hash_of(arena, file, content, 4);
}

/* If it was built with the feature int8-versions, its numbers have eight bytes. */
static bool refinery_checksum_matches(struct arena *arena, const struct folder *folder,
                                      const struct migration_file *file, const char *stored, struct text content)
{
    (void)folder;
    return strcmp(stored, hash_of(arena, file, content, 8)) == 0;
}

#define NAMED "{V|U}{number:1-9}__{title}"

const struct framework framework_refinery = {
    .id = "refinery",
    .display_name = "refinery",
    .tool = "refinery migrate",
    .ledger =
        {
            .shapes = SHAPES({.table = "refinery_schema_history",
                              .columns = "version:int4 name:varchar applied_on:varchar checksum:varchar",
                              .by_shape = true},
                             {.table = "refinery_schema_history",
                              .columns = "version:int8 name:varchar applied_on:varchar checksum:varchar",
                              .by_shape = true}),
            .read = "SELECT version::pg_catalog.text AS key, pg_catalog.concat('V', version, '__', name) AS name, "
                    "checksum, applied_on::timestamp with time zone AS applied_at FROM {ledger} ORDER BY version",
            .create = "CREATE TABLE {ledger} (version INT PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), "
                      "checksum VARCHAR(255));",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version, name, applied_on, checksum) VALUES ({key}, {title}, "
                      "pg_catalog.to_char({utc}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), {checksum});",
        },
    .folder =
        {
            .places = WORDS("migrations", "src/migrations", "sql_migrations"),
            .named_by = "Cargo.toml: refinery",
            .sure_by = WORDS("refinery.toml & {V|U}{number}__*", "Cargo.toml: refinery & {V|U}{number}__*"),
            .files = FILES({.pattern = NAMED ".sql"}, {.pattern = NAMED ".rs", .is_code = true}),
            .recursive = true,
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .makes = {"V{next}__{slug}.sql", ""},
        },
    .mentions = MENTIONS({.files = "*.rs", .words = "embed_migrations!(", .beside = "refinery", .part = MENTION_PATH},
                         {.files = "*.rs", .words = "set_migration_table_name("}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "refinery aborts at it, unless it is told not to (abort_missing).",
            .edited_blocks = true,
            .edited_note = "refinery aborts at it (\"applied migration is different than filesystem one\").",
            .missing_blocks = true,
            .missing_note = "refinery aborts at it (\"migration is missing from the filesystem\").",
        },
    .hooks = {.checksum = refinery_checksum, .checksum_matches = refinery_checksum_matches},
};
