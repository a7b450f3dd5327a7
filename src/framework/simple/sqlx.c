/*
 * sqlx: numbered files, each recorded with its SHA-384. Facts seen with sqlx 0.8.3.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#include <stdlib.h>
#include <string.h>

/* What the ledger has beside the number. */
static const char *description_of(struct arena *arena, const char *rest)
{
    char *const words = arena_strdup(arena, rest);
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return words;
}

/* "20260105_users.sql", or the .up.sql of a pair; every underscore of the rest becomes a space. */
static bool sqlx_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    const char *const ending = text_ends_with(text_of(name), ".up.sql") ? ".up.sql" : ".sql";
    (void)warning;
    if (digits.size == 0 || digits.size > 18 || name[digits.size] != '_' || !text_ends_with(text_of(name), ending) ||
        text_ends_with(text_of(name), ".down.sql")) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(ending));
    file->key = file->version = arena_printf(arena, "%lld", strtoll(digits.data, NULL, 10));
    file->own = description_of(arena, file->name + digits.size + 1);
    return true;
}

static bool sqlx_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                      struct status *status)
{
    const struct listing_rule rule = {.accept = sqlx_accept, .compare = listing_by_version};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static bool is_numbered(const char *name, bool is_directory, struct text head)
{
    const struct text digits = leading_digits(text_of(name));
    (void)head;
    return !is_directory && digits.size > 0 && name[digits.size] == '_' && text_ends_with(text_of(name), ".sql");
}

static bool sqlx_recognise(struct arena *arena, struct folder *folder)
{
    struct text cargo;
    if (!folder_read(arena, folder, "Cargo.toml", &cargo) || text_find(cargo, "sqlx", 0) == SIZE_MAX ||
        folder_any(arena, folder, is_numbered) == NULL) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = path_join(arena, folder->base, "Cargo.toml names sqlx");
    return true;
}

static bool sqlx_script(struct arena *arena, const struct project *project, const struct folder *folder,
                        const struct migration_file *file, struct text content, struct migration_script *script,
                        struct status *status)
{
    (void)arena;
    (void)project;
    (void)folder;
    (void)file;
    (void)status;
    script->sql = content;
    script->each_alone = text_starts_with(content, "-- no-transaction");
    return true;
}

static const char *sqlx_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                 struct text content)
{
    (void)folder;
    (void)file;
    return digest_hex_of(arena, "SHA384", content);
}

static bool sqlx_create_migration(struct arena *arena, const struct folder *folder, const char *name, int64_t wall_us,
                                  const char **migration, const char **file, const char **content,
                                  struct status *status)
{
    (void)folder;
    *content = "-- Add migration script here\n";
    return name_with_time(arena, name, wall_us, '_', ".sql", migration, file, status);
}

/* ---- the ledger ---- */

static bool sqlx_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT version::text AS key, version || ' ' || description AS name, "
                                     "pg_catalog.encode(checksum, 'hex') AS checksum, installed_on AS applied_at, "
                                     "CASE WHEN success THEN NULL ELSE 'failed' END AS state, "
                                     "CASE WHEN execution_time >= 0 THEN execution_time / 1000000 END AS duration_ms "
                                     "FROM %t ORDER BY version");
}

static void sqlx_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (version BIGINT PRIMARY KEY, description TEXT NOT NULL, "
                "installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, "
                "execution_time BIGINT NOT NULL);");
}

#define NANOSECONDS "(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000000000)::bigint"

static void put_row(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record,
                    const char *success, const char *execution_time)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (version, description, success, checksum, execution_time) VALUES (%r, %s, %r, "
                "pg_catalog.decode(%s, 'hex'), %r);",
                record->key, (const char *)record->file->own, success, record->checksum, execution_time);
}

static void sqlx_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_row(sql, ledger, record, "true", NANOSECONDS);
}

static void sqlx_start(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_row(sql, ledger, record, "false", "-1");
}

static void sqlx_forget(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "DELETE FROM %t WHERE version = %r AND NOT success;", record->key);
}

static void sqlx_finish(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(
        sql, ledger,
        "UPDATE %t SET success = true, checksum = pg_catalog.decode(%s, 'hex'), execution_time = "
        "(extract(epoch FROM pg_catalog.clock_timestamp() - installed_on) * 1000000000)::bigint WHERE version = %r;",
        record->checksum, record->key);
}

static void sqlx_mark_applied(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    sqlx_forget(sql, ledger, record);
    put_row(sql, ledger, record, "true", "0");
}

static size_t sqlx_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    keys[0] = INT64_C(0x3d32ad9e) * (int64_t)crc32_add(0, text_of(database));
    return 1;
}

const struct framework framework_sqlx = {
    .id = "sqlx",
    .display_name = "sqlx",
    .tool = "sqlx migrate run",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "_sqlx_migrations",
                .columns = "version:int8 description:text installed_on:timestamptz success:bool checksum:bytea "
                           "execution_time:int8",
                .by_shape = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "db/migrations", NULL},
    .hooks.recognise = sqlx_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sqlx runs it, behind those that are applied already.",
            .edited_blocks = true,
            .edited_note = "sqlx stops at it (\"was previously applied but has been modified\").",
            .missing_blocks = true,
            .missing_note = "sqlx stops at it (\"was previously applied but is missing\").",
        },
    .ledger.failed_entry_blocks = true,
    .ledger.failed_note = "sqlx says that the migration is dirty",
    .hooks.list = sqlx_list,
    .hooks.script = sqlx_script,
    .hooks.checksum = sqlx_checksum,
    .hooks.read_ledger = sqlx_read,
    .hooks.advisory_locks = sqlx_locks,
    .hooks.put_create = sqlx_create,
    .hooks.put_record = sqlx_record,
    .hooks.put_start = sqlx_start,
    .hooks.put_forget = sqlx_forget,
    .hooks.put_finish = sqlx_finish,
    .hooks.put_mark_applied = sqlx_mark_applied,
    .hooks.put_mark_rolled_back = sqlx_forget,
    .hooks.create_migration = sqlx_create_migration,
};
