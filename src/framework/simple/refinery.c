/*
 * refinery: V1__name.sql, recorded with a SipHash of name, version and text. Facts seen with refinery_core 0.9.0. The
 * files' names are those of Flyway: the Rust project tells them apart.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ^([U|V])(\d+)__(\w+)\.(sql|rs)$, the version an i32. */
static bool refinery_accept(struct arena *arena, const char *path, struct migration_file *file, const char **warning)
{
    const char *const slash = strrchr(path, '/');
    const char *const name = slash == NULL ? path : slash + 1;
    const struct text digits = leading_digits(text_of(name[0] == '\0' ? name : name + 1));
    const bool is_sql = text_ends_with(text_of(name), ".sql");
    (void)warning;
    if ((name[0] != 'V' && name[0] != 'U') || digits.size == 0 || digits.size > 9 ||
        strncmp(digits.data + digits.size, "__", 2) != 0 || (!is_sql && !text_ends_with(text_of(name), ".rs"))) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - (is_sql ? strlen(".sql") : strlen(".rs")));
    file->key = file->version = arena_printf(arena, "%ld", strtol(digits.data, NULL, 10));
    file->own = file->name + 1 + digits.size + 2;
    file->is_code = !is_sql;
    return true;
}

static bool refinery_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                          struct status *status)
{
    const struct listing_rule rule = {.accept = refinery_accept, .compare = listing_by_version, .recursive = true};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static bool is_versioned(const char *name, bool is_directory, struct text head)
{
    const struct text digits = leading_digits(text_of(name[0] == '\0' ? name : name + 1));
    (void)head;
    return !is_directory && (name[0] == 'V' || name[0] == 'U') && digits.size > 0 &&
           strncmp(digits.data + digits.size, "__", 2) == 0;
}

static bool refinery_recognise(struct arena *arena, struct folder *folder)
{
    struct text cargo;
    const bool is_named =
        folder_read(arena, folder, "Cargo.toml", &cargo) && text_find(cargo, "refinery", 0) != SIZE_MAX;
    const bool is_configured = folder_look(arena, folder, "refinery.toml") == FILE_REGULAR;
    if ((!is_named && !is_configured) || folder_any(arena, folder, is_versioned) == NULL) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = path_join(arena, folder->base, is_configured ? "refinery.toml" : "Cargo.toml names refinery");
    return true;
}

/* Rust's Hash of (name, version, sql): a text is its bytes and 0xFF, a number its bytes, the lowest first. */
static const char *hash_of(struct arena *arena, const struct migration_file *file, struct text content, int size)
{
    struct buffer bytes = {.arena = arena};
    const int64_t version = strtoll(file->version, NULL, 10);
    buffer_puts(&bytes, file->own);
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

/* Built with the feature int8-versions its numbers have eight bytes. */
static bool refinery_checksum_matches(struct arena *arena, const struct folder *folder,
                                      const struct migration_file *file, const char *stored, struct text content)
{
    (void)folder;
    return strcmp(stored, hash_of(arena, file, content, 8)) == 0;
}

/* ---- the ledger ---- */

static bool refinery_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT version::text AS key, 'V' || version || '__' || name AS name, checksum, "
                                     "applied_on::timestamptz AS applied_at FROM %t ORDER BY version");
}

static void refinery_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (version INT4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), "
                "checksum VARCHAR(255));");
}

static void refinery_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (version, name, applied_on, checksum) VALUES (%r, %s, pg_catalog.to_char("
                "pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), %s);",
                record->key, (const char *)record->file->own, record->checksum);
}

const struct framework framework_refinery = {
    .id = "refinery",
    .display_name = "refinery",
    .tool = "refinery migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "refinery_schema_history",
                .columns = "version:int4 name:varchar applied_on:varchar checksum:varchar",
                .by_shape = true,
            },
            {
                .table = "refinery_schema_history",
                .columns = "version:int8 name:varchar applied_on:varchar checksum:varchar",
                .by_shape = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "src/migrations", "sql_migrations", NULL},
    .hooks.recognise = refinery_recognise,

    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "refinery aborts at it, unless it is told not to (abort_missing).",
            .edited_blocks = true,
            .edited_note = "refinery aborts at it (\"applied migration is different than filesystem one\").",
            .missing_blocks = true,
            .missing_note = "refinery aborts at it (\"migration is missing from the filesystem\").",
        },
    .hooks.list = refinery_list,
    .hooks.checksum = refinery_checksum,
    .hooks.checksum_matches = refinery_checksum_matches,
    .hooks.read_ledger = refinery_read,
    .hooks.put_create = refinery_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = refinery_record,
};
