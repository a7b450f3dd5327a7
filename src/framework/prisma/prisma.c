/*
 * Prisma Migrate: its ledger _prisma_migrations, its checksums and its lock. Facts measured with the real CLI 6.19.3 on
 * PostgreSQL 15 and read in its engine's source. Where its folders are is in prisma_folder.c.
 */
#include "framework/core/file_checksum.h"
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

/* The size of what is not UTF-8 at the beginning, which is read as one U+FFFD: a byte, or a character that is cut off.
 */
static size_t size_of_broken(struct text content)
{
    const unsigned char *const bytes = (const unsigned char *)content.data;
    const unsigned char lowest = bytes[0] == 0xE0 ? 0xA0 : bytes[0] == 0xF0 ? 0x90 : 0x80;
    const unsigned char highest = bytes[0] == 0xED ? 0x9F : bytes[0] == 0xF4 ? 0x8F : 0xBF;
    const size_t most = bytes[0] < 0xC2 || bytes[0] > 0xF4 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
    size_t size = 1;
    while (size < most && size < content.size && bytes[size] >= (size == 1 ? lowest : 0x80) &&
           bytes[size] <= (size == 1 ? highest : 0xBF)) {
        size++;
    }
    return size;
}

/* The content as Node gives it to the engine since 6.6: what is not UTF-8 has become U+FFFD. */
static struct text as_node_reads(struct arena *arena, struct text content)
{
    struct buffer out = {.arena = arena};
    size_t bad = 0;
    while (!text_is_utf8(content, &bad)) {
        buffer_add(&out, text_slice(content, 0, bad));
        buffer_puts(&out, "\xEF\xBF\xBD");
        const size_t next = bad + size_of_broken(text_slice(content, bad, content.size));
        content = text_slice(content, next, content.size);
    }
    buffer_add(&out, content);
    return buffer_text(&out);
}

/* Of the text that Node has read, so that `migrate resolve --applied` and we record the same; before 6.6 the engine
 * refused what is not UTF-8. */
static const char *prisma_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                   struct text content)
{
    unsigned char digest[SHA256_SIZE];
    char *const hex = arena_alloc(arena, SHA256_HEX_SIZE);
    (void)folder;
    (void)file;
    sha256_text(text_is_utf8(content, NULL) ? content : as_node_reads(arena, content), digest);
    sha256_hex(digest, hex);
    return hex;
}

/* The sum of the bytes, computed piece by piece. What is not UTF-8 has another one, which prisma_checksum_matches
 * compares. */
static bool prisma_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                 const char **checksum, struct status *status)
{
    static const struct file_checksum whole = {.digest = "SHA256"};
    (void)folder;
    return file_checksum(arena, &whole, file->path, checksum, status);
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
    if (!text_is_utf8(content, NULL)) {
        content = as_node_reads(arena, content);
    }
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
#define GIVE_UP                                                                                                        \
    "UPDATE {ledger} SET rolled_back_at = {clock} WHERE migration_name OPERATOR(pg_catalog.=) {name} AND finished_at " \
    "IS NULL AND rolled_back_at IS NULL;"

/* Its connection looks for tables only in the schema of the URL. */
static struct session_path search_path_of(const struct ledger *ledger)
{
    return (struct session_path){PATH_ALONE, ledger->schema};
}

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
                    "finished_at AS applied_at, "
                    "rolled_back_at, applied_steps_count AS steps, CASE WHEN rolled_back_at IS NOT NULL THEN "
                    "'rolled_back' WHEN finished_at IS NULL THEN 'failed' ELSE 'applied' END AS state, rolled_back_at "
                    "IS NULL AND finished_at IS NOT NULL AND applied_steps_count OPERATOR(pg_catalog.=) 0 AS baseline "
                    "FROM {ledger} ORDER BY started_at",
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
            .path = search_path_of,
            /* started_at is the time of the transaction, which began just before the script. */
            .record = INSERT "pg_catalog.now(), {clock}, 1);",
            .start = INSERT "{clock}, NULL, 0);",
            .forget = "DELETE FROM {ledger}" OF_ID,
            /* Prisma counts a whole script as one step. An earlier attempt may have failed, and left a log and the
             * checksum of another script, whose later part was edited since. */
            .finish = "UPDATE {ledger} SET finished_at = {clock}, applied_steps_count = 1, logs = NULL, checksum = "
                      "{checksum}" OF_ID,
            .fail = "UPDATE {ledger} SET logs = {logs}" OF_ID,
            .mark_applied = GIVE_UP INSERT "{clock}, {clock}, 0);",
            .mark_rolled_back = GIVE_UP,
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
            .edited_note = "prisma migrate deploy runs on and says nothing of it.",
            .missing_note = "prisma migrate deploy runs on and says nothing of it.",
        },
    .hooks = {.find = prisma_find,
              .list = prisma_list,
              .check_folder = prisma_check_folder,
              .checksum = prisma_checksum,
              .file_checksum = prisma_file_checksum,
              .checksum_matches = prisma_checksum_matches},
};
