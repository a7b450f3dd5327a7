/*
 * Prisma Migrate: its ledger _prisma_migrations, its checksums and its lock. Facts seen in the real CLI 6.19.3 against
 * PostgreSQL 15 and read in its engine's source. Where its folders are is prisma_folder.c's work.
 */
#include "framework/core/ledger.h"
#include "framework/prisma/prisma_folder.h"

#include <stdio.h>
#include <string.h>

/* ---- checksums ---- */

/* Ledgers of old versions have each byte written with "%x", without its leading zero. */
static bool digest_is(const unsigned char digest[SHA256_SIZE], const char *stored)
{
    char padded[SHA256_HEX_SIZE];
    char bare[SHA256_HEX_SIZE];
    size_t size = 0;
    sha256_hex(digest, padded);
    for (int i = 0; i < SHA256_SIZE; i++) {
        size += (size_t)snprintf(bare + size, sizeof bare - size, "%x", digest[i]);
    }
    return strcmp(stored, padded) == 0 || strcmp(stored, bare) == 0;
}

/* The checksum that the content would have with every line ending in `ending`. */
static void digest_with_endings(struct text content, const char *ending, unsigned char digest[SHA256_SIZE])
{
    struct sha256 hash;
    sha256_start(&hash);
    for (size_t start = 0; start < content.size;) {
        const size_t newline = text_find(content, "\n", start);
        size_t end = newline == SIZE_MAX ? content.size : newline;
        if (newline != SIZE_MAX && end > start && content.data[end - 1] == '\r') {
            end--;
        }
        sha256_add(&hash, text_slice(content, start, end));
        if (newline == SIZE_MAX) {
            break;
        }
        sha256_add(&hash, text_of(ending));
        start = newline + 1;
    }
    sha256_finish(&hash, digest);
}

/* Prisma 6.19 takes a file for unchanged when it matches as it is or with the line endings of the other kind: a
 * checkout on Windows is not an edit. */
static bool prisma_checksum_matches(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                    const char *stored, struct text content)
{
    unsigned char digest[SHA256_SIZE];
    (void)arena;
    (void)folder;
    (void)file;
    sha256_text(content, digest);
    if (digest_is(digest, stored)) {
        return true;
    }
    digest_with_endings(content, "\n", digest);
    if (digest_is(digest, stored)) {
        return true;
    }
    digest_with_endings(content, "\r\n", digest);
    return digest_is(digest, stored);
}

/* ---- the ledger ---- */

static enum entry_state entry_state(const struct ledger_entry *entry)
{
    if (entry->rolled_back_at != NO_TIME) {
        return ENTRY_ROLLED_BACK;
    }
    return entry->finished_at == NO_TIME ? ENTRY_FAILED : ENTRY_APPLIED;
}

static bool prisma_read_ledger(struct ledger_reading *reading)
{
    struct arena *const arena = reading->arena;
    struct ledger_entries *const entries = &reading->entries;
    struct buffer sql = {.arena = arena};
    ledger_putf(&sql, reading->ledger,
                "SELECT id, migration_name, checksum, logs, started_at, finished_at, rolled_back_at, "
                "applied_steps_count FROM %t ORDER BY started_at");
    PG_RESULT(result) = pg_query_binary(reading->session, buffer_string(&sql), reading->status);
    if (result == NULL) {
        return false;
    }
    entries->count = (size_t)PQntuples(result);
    entries->items = arena_array(arena, entries->count, sizeof *entries->items);
    for (int row = 0; row < PQntuples(result); row++) {
        struct ledger_entry *const entry = &entries->items[row];
        *entry = (struct ledger_entry){
            .id = arena_strdup(arena, pg_field(result, row, 0)),
            .name = arena_strdup(arena, pg_field(result, row, 1)),
            .checksum = arena_strdup(arena, pg_field(result, row, 2)),
            .logs = arena_strdup(arena, pg_field(result, row, 3)),
            .started_at = ledger_field_time(result, row, 4),
            .finished_at = ledger_field_time(result, row, 5),
            .rolled_back_at = ledger_field_time(result, row, 6),
            .duration_ms = -1,
            .steps = (uint32_t)ledger_field_int(result, row, 7),
        };
        entry->state = entry_state(entry);
        /* `resolve --applied` and the baseline of the guide write 0 steps; a deploy, even of an empty script, writes 1.
         */
        entry->baseline = entry->state == ENTRY_APPLIED && entry->steps == 0;
    }
    return true;
}

static size_t prisma_advisory_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    (void)database;
    keys[0] = 72707369;
    return 1;
}

/* The statement as the engine sends it, so that pg_dump of both is the same. */
static void prisma_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\n"
                "    \"id\"                    VARCHAR(36) PRIMARY KEY NOT NULL,\n"
                "    \"checksum\"              VARCHAR(64) NOT NULL,\n"
                "    \"finished_at\"           TIMESTAMPTZ,\n"
                "    \"migration_name\"        VARCHAR(255) NOT NULL,\n"
                "    \"logs\"                  TEXT,\n"
                "    \"rolled_back_at\"        TIMESTAMPTZ,\n"
                "    \"started_at\"            TIMESTAMPTZ NOT NULL DEFAULT now(),\n"
                "    \"applied_steps_count\"   INTEGER NOT NULL DEFAULT 0\n"
                ");");
}

/* Its connection looks for tables in the schema of the URL only. */
static void prisma_session(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "SET search_path TO %S;");
}

/* A new row; finished_at, started_at and steps are SQL expressions. */
static void put_insert(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record,
                       const char *started_at, const char *finished_at, int64_t steps)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES "
                "(%s, %s, %s, %r, %r, %d);",
                record->id, record->checksum, record->name, started_at, finished_at, steps);
}

#define CLOCK "pg_catalog.clock_timestamp()"

/* started_at is that of the transaction, which began just before the script. */
static void prisma_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_insert(sql, ledger, record, "pg_catalog.now()", CLOCK, 1);
}

static void prisma_start(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_insert(sql, ledger, record, CLOCK, "NULL", 0);
}

/* Prisma counts a whole script as one step. An earlier attempt may have failed, with a log and another script behind
 * the steps that stay. */
static void prisma_finish(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "UPDATE %t SET finished_at = " CLOCK ", applied_steps_count = 1, logs = NULL, checksum = %s "
                "WHERE id = %s;",
                record->checksum, record->id);
}

static void prisma_fail(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "UPDATE %t SET logs = %s WHERE id = %s;", record->logs, record->id);
}

static void prisma_forget(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "DELETE FROM %t WHERE id = %s;", record->id);
}

static void prisma_mark_rolled_back(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "UPDATE %t SET rolled_back_at = " CLOCK " WHERE migration_name = %s AND finished_at IS NULL AND "
                "rolled_back_at IS NULL;",
                record->name);
}

static void prisma_mark_applied(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    prisma_mark_rolled_back(sql, ledger, record);
    put_insert(sql, ledger, record, CLOCK, CLOCK, 0);
}

const struct framework framework_prisma = {
    .id = "prisma",
    .display_name = "Prisma",
    .tool = "prisma migrate deploy",
    .sent = SENT_WHOLE,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "_prisma_migrations",
                .columns = "id:varchar checksum:varchar finished_at:timestamptz migration_name:varchar logs:text "
                           "rolled_back_at:timestamptz started_at:timestamptz applied_steps_count:int4",
            },
            {0},
        },
    .folder.places = (const char *const[]){"prisma/migrations", NULL},
    .hooks.find = prisma_find,
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "prisma migrate deploy runs it, behind those that are applied.",
            .edited_note = "prisma migrate deploy runs on and says nothing of it.",
            .missing_note = "prisma migrate deploy runs on and says nothing of it.",
        },
    .ledger.failed_entry_blocks = true,
    .ledger.failed_note = "Prisma's P3009",
    .ledger.needs_baseline = true,
    .ledger.is_fixed = true,
    .folder.checksum = "SHA256",
    .hooks.list = prisma_list,
    .hooks.check_folder = prisma_check_folder,
    .hooks.checksum_matches = prisma_checksum_matches,
    .hooks.read_ledger = prisma_read_ledger,
    .hooks.advisory_locks = prisma_advisory_locks,
    .hooks.put_create = prisma_create,
    .hooks.put_session = prisma_session,
    .hooks.put_record = prisma_record,
    .hooks.put_start = prisma_start,
    .hooks.put_forget = prisma_forget,
    .hooks.put_finish = prisma_finish,
    .hooks.put_fail = prisma_fail,
    .hooks.put_mark_applied = prisma_mark_applied,
    .hooks.put_mark_rolled_back = prisma_mark_rolled_back,
    .hooks.create_migration = prisma_create_migration,
};
