/*
 * Atlas: versioned directories with their sum, each revision recorded with the running hash of the directory. Facts
 * seen with the library ariga.io/atlas 0.38.0 and read in its CLI.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/formats/config.h"
#include "sql/split.h"

#include <string.h>
#include <strings.h>

#define SUM_LIMIT ((size_t)16 * 1024 * 1024)

/* ---- the folder ---- */

/* "20260105_users.sql": version up to the first underscore, order by bytes. */
static bool atlas_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    if (!text_ends_with(text_of(name), ".sql")) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(".sql"));
    file->key = file->version = arena_strndup(arena, file->name, strcspn(file->name, "_"));
    return true;
}

/* Does the file's head have this directive: "-- atlas:NAME …"? */
static bool has_directive(struct text content, const char *words)
{
    for (struct text line; text_next_line(&content, &line);) {
        const struct text trimmed = text_trim(line);
        if (trimmed.size > 0 && !text_starts_with(trimmed, "--")) {
            return false;
        }
        if (text_starts_with(trimmed, "-- atlas:") && text_starts_with(text_slice(trimmed, 9, trimmed.size), words)) {
            return true;
        }
    }
    return false;
}

/* The running hash behind each file is its own (sql/migrate/dir.go): SHA-256 over name and content of it and all before
 * it. An edited file changes those of all that follow. */
static bool add_hashes(struct arena *arena, struct migration_files *files, struct status *status)
{
    struct sha256 hash;
    sha256_start(&hash);
    for (size_t i = 0; i < files->count; i++) {
        struct migration_file *const file = &files->items[i];
        struct arena *const reading = arena_new(0);
        unsigned char digest[SHA256_SIZE];
        struct text content;
        const bool ok = file_read(reading, file->path, MIGRATION_FILE_LIMIT, &content, status);
        if (ok) {
            sha256_add(&hash, text_of(file->filename));
            sha256_add(&hash, content);
        }
        arena_free(reading);
        if (!ok) {
            sha256_finish(&hash, digest);
            return false;
        }
        sha256_peek(&hash, digest);
        file->checksum = base64_of(arena, digest, sizeof digest);
    }
    sha256_finish(&hash, (unsigned char[SHA256_SIZE]){0});
    return true;
}

static bool atlas_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                       struct status *status)
{
    return listing_read(arena, folder, &(struct listing_rule){.accept = atlas_accept}, files, status) &&
           add_hashes(arena, files, status);
}

/* "name.sql h1:HASH" in atlas.sum; empty where the file is not named. */
static struct text sum_of(struct text sum, const char *filename)
{
    for (struct text line; text_next_line(&sum, &line);) {
        const size_t space = text_find(line, " h1:", 0);
        if (space != SIZE_MAX && text_is(text_slice(line, 0, space), filename)) {
            return text_trim(text_slice(line, space + 4, line.size));
        }
    }
    return (struct text){0};
}

static bool atlas_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                               struct status *status)
{
    struct text sum;
    const char *const path = path_join(arena, path_join(arena, folder->root, folder->path), "atlas.sum");
    if (!file_read(arena, path, SUM_LIMIT, &sum, status)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s has no atlas.sum: make it with `atlas migrate hash`.", folder->path);
    }
    for (size_t i = 0; i < files->count; i++) {
        if (!text_is(sum_of(sum, files->items[i].filename), files->items[i].checksum)) {
            status_fail(
                status, STATUS_FAILED_PRECONDITION,
                "atlas.sum is not that of its directory, from %s on (atlas says \"checksum mismatch\"): restore the "
                "file, or accept it with `atlas migrate hash`.",
                files->items[i].filename);
            status->migration = files->items[i].name;
            return false;
        }
    }
    return true;
}

static bool atlas_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, "atlas.hcl", &content)) {
        return false;
    }
    const char *directory = config_value(arena, content, NULL, "dir");
    if (directory != NULL && text_starts_with(text_of(directory), "file://")) {
        directory += strlen("file://");
        directory += directory[0] == '.' && directory[1] == '/' ? 2 : 0;
        folder->path = path_join(arena, folder->base, arena_strndup(arena, directory, strcspn(directory, "?")));
    }
    folder->ledger.schema = config_value(arena, content, NULL, "revisions_schema");
    folder->evidence = path_join(arena, folder->base, "atlas.hcl");
    return true;
}

static bool is_sum(const char *name, bool is_directory, struct text head)
{
    (void)head;
    return !is_directory && strcmp(name, "atlas.sum") == 0;
}

static bool atlas_recognise(struct arena *arena, struct folder *folder)
{
    if (folder_any(arena, folder, is_sum) == NULL) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = path_join(arena, folder->path, "atlas.sum");
    return true;
}

static bool atlas_script(struct arena *arena, const struct project *project, const struct folder *folder,
                         const struct migration_file *file, struct text content, struct migration_script *script,
                         struct status *status)
{
    static const char *const refused[] = {"delimiter", "checkpoint", "import"};
    (void)arena;
    (void)project;
    (void)folder;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (has_directive(content, refused[i])) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "%s has the directive atlas:%s, which only atlas itself honours: run it with atlas.",
                               file->filename, refused[i]);
        }
    }
    script->sql = content;
    script->no_transaction = has_directive(content, "txmode none");
    return true;
}

/* ---- the ledger ---- */

/* What lies below a baseline counts as applied; and of hashes that differ only the first means an edit. */
static void interpret(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    struct arena *const arena = reading->arena;
    const char *baseline = NULL;
    for (size_t i = 0; i < entries->count; i++) {
        baseline = entries->items[i].baseline ? ledger_entry_key(&entries->items[i]) : baseline;
    }
    bool differs = false;
    struct ledger_entry *const all = arena_array(arena, entries->count + reading->files->count, sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < entries->count; i++) {
        all[count++] = entries->items[i];
    }
    for (size_t i = 0; i < reading->files->count; i++) {
        const struct migration_file *const file = &reading->files->items[i];
        struct ledger_entry *found = NULL;
        for (size_t j = 0; j < entries->count; j++) {
            found = strcmp(ledger_entry_key(&all[j]), file->key) == 0 ? &all[j] : found;
        }
        if (found != NULL && found->checksum != NULL && found->checksum[0] != '\0') {
            const bool same = strcmp(found->checksum, file->checksum) == 0;
            found->checksum = differs ? NULL : found->checksum;
            differs = differs || !same;
        } else if (found != NULL) {
            found->checksum = NULL;
        } else if (baseline != NULL && strcmp(file->key, baseline) < 0) {
            all[count++] = (struct ledger_entry){.name = file->name,
                                                 .key = file->key,
                                                 .started_at = NO_TIME,
                                                 .finished_at = NO_TIME,
                                                 .rolled_back_at = NO_TIME,
                                                 .duration_ms = -1,
                                                 .baseline = true};
        }
    }
    entries->items = all;
    entries->count = count;
}

/* type: bit 1 baseline, 2 executed, 4 resolved. Versions that begin with a dot are Atlas Cloud's. */
static bool atlas_read(struct ledger_reading *reading)
{
    if (!ledger_read_rows(
            reading, "SELECT version AS key, version || '_' || description AS name, hash AS checksum, "
                     "executed_at AS applied_at, execution_time / 1000000 AS duration_ms, nullif(error, '') AS logs, "
                     "CASE WHEN applied < total OR coalesce(error, '') <> '' THEN 'failed' END AS state, "
                     "(type & 2) = 0 AS baseline FROM %t WHERE version NOT LIKE '.%%' ORDER BY version")) {
        return false;
    }
    interpret(reading);
    return true;
}

static void atlas_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"version\" character varying NOT NULL, \"description\" character varying NOT NULL, "
                "\"type\" bigint NOT NULL DEFAULT 2, \"applied\" bigint NOT NULL DEFAULT 0, \"total\" bigint NOT NULL "
                "DEFAULT 0, "
                "\"executed_at\" timestamptz NOT NULL, \"execution_time\" bigint NOT NULL, \"error\" text NULL, "
                "\"error_stmt\" text NULL, \"hash\" character varying NOT NULL, \"partial_hashes\" jsonb NULL, "
                "\"operator_version\" character varying NOT NULL, PRIMARY KEY (\"version\"));");
}

static void put_revision(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record, int type,
                         size_t statements, const char *execution_time)
{
    const char *const description = strchr(record->name, '_');
    ledger_putf(
        sql, ledger,
        "INSERT INTO %t (\"version\", \"description\", \"type\", \"applied\", \"total\", \"executed_at\", "
        "\"execution_time\", \"error\", \"error_stmt\", \"hash\", \"partial_hashes\", \"operator_version\") VALUES "
        "(%s, %s, %d, %d, %d, pg_catalog.now(), %r, '', '', %s, 'null', 'Truss ' || %s);",
        record->key, description == NULL ? "" : description + 1, (int64_t)type, (int64_t)statements,
        (int64_t)statements, execution_time, record->checksum, TRUSS_VERSION);
}

static void atlas_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    struct sql_lexer lexer = {.text = record->script};
    struct sql_statement statement;
    size_t count = 0;
    while (sql_next_statement(&lexer, &statement)) {
        count++;
    }
    put_revision(sql, ledger, record, 2, count,
                 "(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.now()) * 1000000000)::bigint");
}

/* As `atlas migrate set` does. */
static void atlas_mark_applied(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "DELETE FROM %t WHERE \"version\" = %s AND \"applied\" < \"total\";", record->key);
    put_revision(sql, ledger, record, 4, 0, "0");
}

static void atlas_forget(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "DELETE FROM %t WHERE \"version\" = %s AND (\"applied\" < \"total\" OR \"error\" <> '');",
                record->key);
}

/* FNV-1 of "atlas_migrate_execute". */
static size_t atlas_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    (void)database;
    keys[0] = INT64_C(2686470616);
    return 1;
}

const struct framework framework_atlas = {
    .id = "atlas",
    .display_name = "Atlas",
    .tool = "atlas migrate apply",
    .sent = SENT_IN_TRANSACTION_EACH,
    .sent_unwrapped = SENT_EACH,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "atlas_schema_revisions",
                .columns =
                    "version:varchar description:varchar type:int8 applied:int8 total:int8 executed_at:timestamptz "
                    "execution_time:int8 hash:varchar operator_version:varchar",
                .by_shape = true,
            },
            {0},
        },
    .ledger.schema = "atlas_schema_revisions",
    .folder.places = (const char *const[]){"migrations", "db/migrations", "atlas/migrations", NULL},
    .hooks.configure = atlas_configure,
    .hooks.recognise = atlas_recognise,

    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "atlas stops at it (\"added out of order\") unless it is started with --exec-order.",
            .edited_note =
                "atlas refuses a directory whose sum does not match; once that is made anew it does not compare.",
            .missing_note = "atlas says nothing of it.",
        },
    .ledger.failed_entry_blocks = true,
    .ledger.failed_note = "atlas would go on behind the statement that failed",
    .ledger.needs_baseline = true,
    .hooks.list = atlas_list,
    .hooks.check_folder = atlas_check_folder,
    .hooks.script = atlas_script,
    .hooks.read_ledger = atlas_read,
    .hooks.advisory_locks = atlas_locks,
    .hooks.put_create = atlas_create,
    .hooks.put_record = atlas_record,
    .hooks.put_mark_applied = atlas_mark_applied,
    .hooks.put_mark_rolled_back = atlas_forget,
};
