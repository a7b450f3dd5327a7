/*
 * Drizzle Kit: its ledger drizzle.__drizzle_migrations, for 0.x and 1.0. Facts measured with drizzle-orm 0.45.4 /
 * drizzle-kit 0.31.11 and with 1.0.0-rc.5. How the two versions name and order their files is in drizzle_folder.c.
 */
#include "base/search.h"
#include "base/sorting.h"
#include "framework/core/entry_index.h"
#include "framework/core/file_index.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/node_text.h"
#include "framework/drizzle/drizzle_folder.h"
#include "pg/query.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the ledger ---- */

/* The hash of a file as drizzle-kit makes it; NULL if it cannot be read. */
static const char *hash_of(struct arena *arena, const struct migration_file *file)
{
    struct arena *const reading = arena_new(0);
    struct status ignored = {.arena = reading};
    struct text content;
    const char *hash = NULL;
    if (!file->missing && file_read(reading, file->path, MIGRATION_FILE_LIMIT, &content, &ignored)) {
        hash = arena_strdup(arena, node_checksum(reading, NULL, file, content));
    } else if (!file->missing && !node_file_checksum(arena, NULL, file, &hash, &ignored)) {
        hash = NULL;
    }
    arena_free(reading);
    return hash;
}

/* A file without a row of its own, and what a row may know about it. */
struct hashed {
    const char *hash;
    const struct migration_file *file;
    size_t taken; /* of those with this hash, which begin here: how many belong to other rows already */
};

struct hashed_files {
    struct hashed *items; /* by hash; equal hashes in the order of the list */
    size_t count;
};

static int by_hash(const void *a, const void *b)
{
    const struct hashed *const x = a;
    const struct hashed *const y = b;
    const int order = strcmp(x->hash, y->hash);
    return order != 0 ? order : (x->file > y->file) - (x->file < y->file);
}

static bool is_before_hash(const void *item, const void *hash)
{
    return strcmp(((const struct hashed *)item)->hash, hash) < 0;
}

static struct hashed_files files_without_row(struct ledger_reading *reading)
{
    const struct migration_files *const files = reading->files;
    struct entry_index index = entry_index_of(reading->arena, &reading->entries);
    struct hashed_files free_files = {.items = arena_array(reading->arena, files->count, sizeof *free_files.items)};
    for (size_t i = 0; i < files->count; i++) {
        const bool is_free = entry_index_last(&index, migration_file_key(&files->items[i])) == NULL;
        const char *const hash = is_free ? hash_of(reading->arena, &files->items[i]) : NULL;
        if (hash != NULL) {
            free_files.items[free_files.count++] = (struct hashed){.hash = hash, .file = &files->items[i]};
        }
    }
    sort_items(free_files.items, free_files.count, sizeof *free_files.items, by_hash);
    return free_files;
}

/* The next file with this hash; NULL if there is none. A second row with the same hash belongs to another file. */
static const struct migration_file *take_file(const struct hashed_files *files, const char *hash)
{
    const size_t first = search_first(files->items, files->count, sizeof *files->items, is_before_hash, hash);
    const size_t at = first < files->count ? first + files->items[first].taken : files->count;
    if (at >= files->count || strcmp(files->items[at].hash, hash) != 0) {
        return NULL;
    }
    files->items[first].taken++;
    return files->items[at].file;
}

/* A row of 0.x has no name: its time is that of the file. If no file has that time, the row belongs to the file with
 * its hash, if that has no row of its own. */
static void find_by_hash(struct ledger_reading *reading)
{
    struct file_index index = file_index_of(reading->arena, reading->files);
    struct hashed_files files = {0};
    bool are_known = false;
    for (size_t i = 0; i < reading->entries.count; i++) {
        struct ledger_entry *const entry = &reading->entries.items[i];
        if (entry->checksum == NULL || file_index_find(&index, ledger_entry_key(entry)) != NULL) {
            continue;
        }
        files = are_known ? files : files_without_row(reading);
        are_known = true;
        const struct migration_file *const file = take_file(&files, entry->checksum);
        entry->key = file == NULL ? entry->key : migration_file_key(file);
    }
}

/* Does the ledger have the columns that 1.0 writes? */
static bool has_names(struct ledger_reading *reading, bool *has)
{
    struct buffer sql = {.arena = reading->arena};
    buffer_puts(&sql, "SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
                      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attname = 'name' AND "
                      "NOT a.attisdropped AND n.nspname = ");
    ledger_putf(&sql, reading->ledger, "%s AND c.relname = %s;", reading->ledger->schema, reading->ledger->table);
    PG_RESULT(result) = pg_query_binary(reading->session, buffer_string(&sql), NULL, reading->status);
    *has = result != NULL && PQntuples(result) > 0;
    return result != NULL;
}

#define OLD_LEDGER                                                                                                     \
    "The tracking table was made by Drizzle 0.x, and the folder is of 1.0: run \"drizzle-kit migrate\" once, which "   \
    "gives the tracking table its new columns."

/* The last created_at of rows of 0.x, whose keys are still what they have. */
static const int64_t *newest_of(struct ledger_reading *reading)
{
    int64_t *const newest = arena_alloc(reading->arena, sizeof *newest);
    *newest = INT64_MIN;
    for (size_t i = 0; i < reading->entries.count; i++) {
        const int64_t time = strtoll(ledger_entry_key(&reading->entries.items[i]), NULL, 10);
        *newest = time > *newest ? time : *newest;
    }
    return newest;
}

static bool drizzle_read(struct ledger_reading *reading)
{
    const bool is_old = reading->folder != NULL && drizzle_is_journal(reading->folder);
    const char *const by_time = "SELECT created_at::text AS key, hash AS checksum, id::text AS id FROM %t ORDER BY id";
    const char *const by_name = "SELECT coalesce(name, created_at::text) AS key, hash AS checksum, id::text AS id, "
                                "applied_at FROM %t ORDER BY id";
    bool is_new;
    if (!has_names(reading, &is_new) || !ledger_read_rows(reading, is_old || !is_new ? by_time : by_name)) {
        return false;
    }
    if (!is_old && !is_new && reading->folder != NULL) {
        ledger_warn(reading, OLD_LEDGER);
    }
    reading->entries.newest = is_old ? newest_of(reading) : NULL;
    find_by_hash(reading);
    return true;
}

/* Milliseconds since 1970. */
static const char *when_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    return arena_printf(arena, "%" PRId64, record->file->time);
}

static const struct ledger_word words[] = {{.name = "when", .text = when_of}, {0}};

#define SHAPE_OF_0                                                                                                     \
    {                                                                                                                  \
        .table = "__drizzle_migrations", .columns = "id:int4 hash:text created_at:int8", .only_columns = true          \
    }

/* For 0.x. */
static const struct ledger_facts journal_facts = {
    .shapes = SHAPES(SHAPE_OF_0),
    .schema = "drizzle",
    .create = "CREATE TABLE {ledger} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint);",
    .lock = LOCK_LEDGER,
    .kept = "SELECT FROM {ledger} WHERE hash OPERATOR(pg_catalog.=) {checksum} AND created_at OPERATOR(pg_catalog.=) "
            "{when}",
    .record = "INSERT INTO {ledger} (\"hash\", \"created_at\") VALUES ({checksum}, {when});",
    .words = words,
};

static const struct ledger_facts *drizzle_variant(const struct ledger *ledger);

const struct framework framework_drizzle = {
    .id = "drizzle",
    .display_name = "Drizzle ORM",
    .tool = "drizzle-kit migrate",
    .sent = SENT_IN_PIECES,
    .ledger =
        {
            .shapes = SHAPES(
                {
                    .table = "__drizzle_migrations",
                    .columns = "id:int4 hash:text created_at:int8 name:text applied_at:timestamptz",
                },
                SHAPE_OF_0),
            .schema = "drizzle",
            .create = "CREATE TABLE {ledger} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint, name text, "
                      "applied_at timestamp with time zone DEFAULT now());",
            /* 1.0 writes columns that a ledger of 0.x does not have: nothing may run before drizzle-kit has added
             * them. */
            .lock = LOCK_LEDGER
            "DO {'BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid OPERATOR(pg_catalog.=) "
            "{'{ledger}'}::pg_catalog.regclass AND attname OPERATOR(pg_catalog.=) 'name' AND NOT attisdropped) THEN "
            "RAISE object_not_in_prerequisite_state USING MESSAGE = {'" OLD_LEDGER "'}; END IF; END'};",
            .kept = "SELECT FROM {ledger} WHERE name OPERATOR(pg_catalog.=) {name} AND hash OPERATOR(pg_catalog.=) "
                    "{checksum}",
            .record = "INSERT INTO {ledger} (\"hash\", \"created_at\", \"name\") VALUES ({checksum}, {when}, {name});",
            .words = words,
        },
    .folder =
        {
            .places = WORDS("drizzle", "src/drizzle", "drizzle/migrations", "src/db/migrations", "migrations"),
            .counts_before_it_exists = true,
            .checksum = "SHA256",
        },
    .mentions = MENTIONS(
        {.words = "--config", .beside = "drizzle-kit", .part = MENTION_PATH},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}",
         .words = "migrationsFolder",
         .beside = "drizzle-orm",
         .part = MENTION_PATH},

        {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "migrationsTable", .beside = "drizzle-orm|migrationsFolder"},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}",
         .words = "migrationsSchema",
         .beside = "drizzle-orm|migrationsFolder",
         .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "drizzle-kit runs it, after those that are applied already.",
            .edited_note = "drizzle-kit never looks at the files of applied migrations.",
            .missing_note = "drizzle-kit says nothing of it.",
        },
    .hooks = {.configure = drizzle_configure,
              .recognise = drizzle_recognise,
              .list = drizzle_list,
              .checksum = node_checksum,
              .file_checksum = node_file_checksum,
              .checksum_matches = node_checksum_matches,
              .read_ledger = drizzle_read,
              .variant = drizzle_variant},
};

static const struct ledger_facts *drizzle_variant(const struct ledger *ledger)
{
    return ledger->folder != NULL && drizzle_is_journal(ledger->folder) ? &journal_facts : &framework_drizzle.ledger;
}
