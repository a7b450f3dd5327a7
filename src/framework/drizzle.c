/*
 * Drizzle Kit: its ledger drizzle.__drizzle_migrations, of 0.x and of 1.0. Facts seen with drizzle-orm 0.45.4 /
 * drizzle-kit 0.31.11 and with 1.0.0-rc.5. How the two name and order their files is drizzle_folder.c's work.
 */
#include "framework/drizzle_folder.h"
#include "framework/ledger.h"
#include "framework/listing.h"

#include <string.h>

static const char *drizzle_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                    struct text content)
{
    (void)folder;
    (void)file;
    return sha256_hex_of(arena, content);
}

/* ---- the ledger ---- */

/* A row of 0.x has no name: its time is the file's. Where no file has that time, the one with its hash is meant. */
static void find_by_hash(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    for (size_t i = 0; i < entries->count; i++) {
        struct ledger_entry *const entry = &entries->items[i];
        bool known = false;
        for (size_t j = 0; !known && j < reading->files->count; j++) {
            known = strcmp(migration_file_key(&reading->files->items[j]), ledger_entry_key(entry)) == 0;
        }
        for (size_t j = 0; !known && entry->checksum != NULL && j < reading->files->count; j++) {
            const struct migration_file *const file = &reading->files->items[j];
            struct arena *const arena = arena_new(0);
            struct status ignored = {.arena = arena};
            struct text content;
            if (!file->missing && file_read(arena, file->path, MIGRATION_FILE_LIMIT, &content, &ignored) &&
                strcmp(sha256_hex_of(arena, content), entry->checksum) == 0) {
                entry->key = migration_file_key(file);
                known = true;
            }
            arena_free(arena);
        }
    }
}

static bool drizzle_read(struct ledger_reading *reading)
{
    const bool is_old = reading->folder != NULL && drizzle_is_journal(reading->folder);
    const char *const by_time =
        "SELECT created_at::text AS key, hash AS checksum, id::text AS id, "
        "(pg_catalog.to_jsonb(t)->>'applied_at')::timestamptz AS applied_at FROM %t t ORDER BY id";
    const char *const by_name =
        "SELECT coalesce(pg_catalog.to_jsonb(t)->>'name', created_at::text) AS key, "
        "hash AS checksum, id::text AS id, "
        "(pg_catalog.to_jsonb(t)->>'applied_at')::timestamptz AS applied_at FROM %t t ORDER BY id";
    if (!ledger_read_rows(reading, is_old ? by_time : by_name)) {
        return false;
    }
    find_by_hash(reading);
    return true;
}

static void drizzle_create(struct buffer *sql, const struct ledger *ledger)
{
    const bool is_old = ledger->folder != NULL && drizzle_is_journal(ledger->folder);
    ledger_putf(sql, ledger, "CREATE TABLE %t (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint%r);",
                is_old ? "" : ", name text, applied_at timestamp with time zone DEFAULT now()");
}

static void drizzle_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const int64_t when = drizzle_when(record->file);
    if (drizzle_is_journal(record->folder)) {
        ledger_putf(sql, ledger, "INSERT INTO %t (\"hash\", \"created_at\") VALUES (%s, %d);", record->checksum, when);
    } else {
        ledger_putf(sql, ledger, "INSERT INTO %t (\"hash\", \"created_at\", \"name\") VALUES (%s, %d, %s);",
                    record->checksum, when, record->name);
    }
}

static const struct ledger_shape shapes[] = {
    {
        .table = "__drizzle_migrations",
        .columns = "id:int4 hash:text created_at:int8 name:text applied_at:timestamptz",
    },
    {.table = "__drizzle_migrations", .columns = "id:int4 hash:text created_at:int8", .only_columns = true},
    {0},
};

const struct framework framework_drizzle = {
    .id = "drizzle",
    .display_name = "Drizzle ORM",
    .tool = "drizzle-kit migrate",
    .ledgers = shapes,
    .default_schema = "drizzle",
    .layout = &drizzle_layout,
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "drizzle-kit runs it, behind those that are applied already.",
            .edited_note = "drizzle-kit never looks at the files of applied migrations.",
            .missing_note = "drizzle-kit says nothing of it.",
        },
    .list = drizzle_list,
    .checksum = drizzle_checksum,
    .read_ledger = drizzle_read,
    .create = drizzle_create,
    .lock = ledger_lock_table,
    .record = drizzle_record,
};
