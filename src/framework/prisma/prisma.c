/*
 * Prisma Migrate: its ledger _prisma_migrations, its checksums and its lock. Facts measured with the real CLI 6.19.3 on
 * PostgreSQL 15 and read in its engine's source. Where its folders are is in prisma_folder.c.
 */
#include "framework/core/ledger.h"
#include "framework/core/node_text.h"
#include "framework/core/template.h"
#include "framework/prisma/prisma_folder.h"

#include <stdio.h>
#include <string.h>

/* ---- checksums ---- */

/* In tables of old versions, each byte is written with "%x", without a leading zero. */
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

/* The checksum that the content would have if every line ended with `ending`. */
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

/* Prisma 6.19 takes a file for unchanged if it matches as it is or with the other kind of line ending: a checkout on
 * Windows is not an edit. */
static bool prisma_checksum_matches(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                    const char *stored, struct text content)
{
    unsigned char digest[SHA256_SIZE];
    (void)folder;
    (void)file;
    sha256_text(content, digest);
    if (digest_is(digest, stored)) {
        return true;
    }
    content = node_text(arena, content);
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

#define INSERT                                                                                                         \
    "INSERT INTO {ledger} (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ({id}, " \
    "{checksum}, {name}, "
#define OF_ID " WHERE id OPERATOR(pg_catalog.=) {id};"

/* Gives up earlier attempts. Looks through all rows. */
static void put_give_up(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    if (!record->is_new) {
        template_put(sql,
                     "UPDATE {ledger} SET rolled_back_at = {clock} WHERE migration_name OPERATOR(pg_catalog.=) {name} "
                     "AND finished_at IS NULL AND rolled_back_at IS NULL;",
                     NULL, ledger, record);
    }
}

static const struct ledger_word words[] = {{.name = "give_up", .sql = put_give_up}, {0}};

const struct framework framework_prisma = {
    .id = "prisma",
    .display_name = "Prisma",
    .tool = "prisma migrate deploy",
    .sent = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "_prisma_migrations",
                .columns = "id:varchar checksum:varchar finished_at:timestamptz migration_name:varchar logs:text "
                           "rolled_back_at:timestamptz started_at:timestamptz applied_steps_count:int4",
            }),
            .is_fixed = true,
            .failed_entry_blocks = true,
            .failed_note = "Prisma's P3009",
            .needs_baseline = true,
            .baseline_note = "Prisma's P3005",
            /* `resolve --applied` and the baseline of the guide write 0 steps; a deploy, even of an empty script,
             * writes 1. */
            /* Logs are cut, because every status has them; the error is at their beginning. */
            .read = "SELECT migration_name AS key, id, checksum, pg_catalog.\"left\"(logs, 4096) AS logs, started_at, "
                    "finished_at AS applied_at, rolled_back_at, applied_steps_count AS steps, CASE WHEN rolled_back_at "
                    "IS NOT NULL THEN 'rolled_back' WHEN finished_at IS NULL THEN 'failed' ELSE 'applied' END AS "
                    "state, rolled_back_at IS NULL AND finished_at IS NOT NULL AND applied_steps_count "
                    "OPERATOR(pg_catalog.=) 0 AS baseline FROM {ledger} ORDER BY started_at",
            /* Written as the engine sends it, so that pg_dump gives the same for both. */
            .create = "CREATE TABLE {ledger} (\n"
                      "    \"id\"                    VARCHAR(36) PRIMARY KEY NOT NULL,\n"
                      "    \"checksum\"              VARCHAR(64) NOT NULL,\n"
                      "    \"finished_at\"           TIMESTAMPTZ,\n"
                      "    \"migration_name\"        VARCHAR(255) NOT NULL,\n"
                      "    \"logs\"                  TEXT,\n"
                      "    \"rolled_back_at\"        TIMESTAMPTZ,\n"
                      "    \"started_at\"            TIMESTAMPTZ NOT NULL DEFAULT now(),\n"
                      "    \"applied_steps_count\"   INTEGER NOT NULL DEFAULT 0\n"
                      ");",
            /* Its connection looks for tables only in the schema of the URL. */
            .path = ledger_path_alone,
            /* started_at is the time of the transaction, which began just before the script. */
            .record = INSERT "pg_catalog.now(), {clock}, 1);",
            .start = INSERT "{clock}, NULL, 0);",
            .forget = "DELETE FROM {ledger}" OF_ID,
            /* Prisma counts a whole script as one step. An earlier attempt may have failed, and left a log and the
             * checksum of another script, whose later part was edited since. */
            .finish = "UPDATE {ledger} SET finished_at = {clock}, applied_steps_count = 1, logs = NULL, checksum = "
                      "{checksum}" OF_ID,
            .fail = "UPDATE {ledger} SET logs = {logs}" OF_ID,
            .mark_applied = "{give_up}" INSERT "{clock}, {clock}, 0);",
            .mark_rolled_back = "{give_up}",
            .words = words,
            .advisory_locks = KEYS(72707369),
        },
    .folder = {.places = WORDS("prisma/migrations"),
               .lock = "migration_lock.toml",
               .files = FILES({.pattern = "*"}),
               .script = PRISMA_SCRIPT,
               .checksum = "SHA256",
               .makes = {"{utc:%Y%m%d%H%M%S}_{slug}/" PRISMA_SCRIPT, "-- This is an empty migration.\n"}},
    .mentions =
        MENTIONS({.words = "--schema|--config", .beside = "prisma", .part = MENTION_PATH}, {.files = ".env prisma/.env",
                                                                                            .words = "schema",
                                                                                            .beside = "postgres",
                                                                                            .part = MENTION_SCHEMA,
                                                                                            .not_of = "SHADOW"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "prisma migrate deploy runs it, after those that are applied.",
            .edited_note = "prisma migrate deploy does not report this, and goes on.",
            .missing_note = "prisma migrate deploy does not report this, and goes on.",
        },
    .hooks = {.find = prisma_find,
              .list = prisma_list,
              .check_folder = prisma_check_folder,
              .checksum = node_checksum,
              .file_checksum = node_file_checksum,
              .checksum_matches = prisma_checksum_matches},
};
