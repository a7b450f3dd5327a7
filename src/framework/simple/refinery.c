/*
 * refinery: V1__name.sql, recorded with a SipHash of name, version and text. Facts measured with refinery_core 0.9.0;
 * long versions and unusual names were read in its source (util.rs, runner.rs, traits/mod.rs). The file names are the
 * same as Flyway's: the Rust project tells them apart.
 */
#include "framework/core/ledger.h"
#include "framework/core/package.h"
#include "pg/values.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the folder ---- */

/* Names are \w+. "U" is unversioned: it runs behind later ones, too. */
static bool refinery_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                            const char **warning)
{
    const char *c = file->title;
    while (isalnum((unsigned char)*c) != 0 || *c == '_' || (unsigned char)*c >= 0x80) {
        c++;
    }
    (void)folder;
    if (*c != '\0' || c == file->title) {
        *warning =
            arena_printf(arena, "%s is left out: refinery does not see it, names have letters, digits and underscores.",
                         file->filename);
        return false;
    }
    file->may_be_late = file->name[0] == 'U';
    return true;
}

/* ---- the sums ---- */

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

/* ---- the ledger ---- */

/* Built with the feature int8-versions: that, or a version that needs it, says so. */
static bool is_wide(struct arena *arena, const struct folder *folder)
{
    struct migration_files files = {0};
    struct status unread = {.arena = arena};
    struct text cargo;
    if (folder_read(arena, folder, "Cargo.toml", &cargo) && text_find(cargo, "int8-versions", 0) != SIZE_MAX) {
        return true;
    }
    /* In the order of their numbers: the last is the largest. */
    return framework_list(arena, folder, &files, &unread) && files.count > 0 &&
           strtoll(files.items[files.count - 1].version, NULL, 10) > INT32_MAX;
}

static void put_type(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)record;
    buffer_puts(sql, ledger->folder != NULL && is_wide(sql->arena, ledger->folder) ? "INT8" : "INT4");
}

static const char *wide_hash(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    return hash_of(arena, record->file, record->script, 8);
}

/* The sum of a program is that of the SQL that it makes, and refinery stops at another one. */
static void put_refusal(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    struct buffer body = {.arena = sql->arena};
    (void)ledger;
    if (record->file->is_code) {
        buffer_puts(&body, "BEGIN RAISE object_not_in_prerequisite_state USING MESSAGE = ");
        ledger_put_text(&body, arena_printf(sql->arena,
                                            "%s makes its SQL when it runs, and its row has a sum of that: "
                                            "run it with refinery, whose target Fake marks it as applied.",
                                            record->file->filename));
        buffer_puts(&body, "; END");
        pg_put_do(sql, buffer_text(&body));
        buffer_putc(sql, ';');
    }
}

#define NAMED "{V|U}{number:1-19}__{title}"

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
            .create = "CREATE TABLE {ledger} (version {type} PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), "
                      "checksum VARCHAR(255));",
            .lock = LOCK_LEDGER,
            /* The column's type says with how many bytes of the version the sum was made. */
            .record = "{refusal}INSERT INTO {ledger} (version, name, applied_on, checksum) VALUES ({key}, {title}, "
                      "pg_catalog.to_char({utc}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), CASE WHEN EXISTS (SELECT FROM "
                      "pg_catalog.pg_attribute WHERE attrelid OPERATOR(pg_catalog.=) "
                      "{'{ledger}'}::pg_catalog.regclass AND attname OPERATOR(pg_catalog.=) 'version' AND atttypid "
                      "OPERATOR(pg_catalog.=) 'pg_catalog.int8'::pg_catalog.regtype) THEN {wide} ELSE {checksum} END);",
            .words = (const struct ledger_word[]){{.name = "type", .sql = put_type},
                                                  {.name = "wide", .text = wide_hash},
                                                  {.name = "refusal", .sql = put_refusal},
                                                  {0}},
        },
    .folder =
        {
            .places = WORDS("migrations", "src/migrations", "sql_migrations"),
            .named_by = "Cargo.toml: refinery",
            .sure_by = WORDS("refinery.toml & {V|U}{number}__*", "Cargo.toml: refinery & {V|U}{number}__*"),
            .files = FILES({.pattern = NAMED ".sql"}, {.pattern = NAMED ".rs", .is_code = true},
                           {.pattern = "{V|U}{number}*__*.{sql|rs}",
                            .passed_over = true,
                            .warning = "is left out: refinery stops at it, its version is not a number of 64 bits."}),
            .recursive = true,
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .makes = {"V{next}__{slug}.sql", ""},
        },
    .mentions = MENTIONS({.files = "*.rs", .words = "embed_migrations!(", .beside = "refinery", .part = MENTION_PATH},
                         {.files = "*.rs", .words = "set_migration_table_name("},
                         {.words = "-p", .beside = "refinery", .part = MENTION_PATH},
                         {.words = "--table-name", .beside = "refinery"}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "refinery aborts at it, unless it is told not to (abort_missing).",
            .edited_blocks = true,
            .edited_note = "refinery aborts at it (\"applied migration is different than filesystem one\").",
            .missing_blocks = true,
            .missing_note = "refinery aborts at it (\"migration is missing from the filesystem\").",
        },
    .hooks = {.accept = refinery_accept, .checksum = refinery_checksum, .checksum_matches = refinery_checksum_matches},
};
