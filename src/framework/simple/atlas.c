/*
 * Atlas: versioned directories with a checksum file, each revision recorded with the running hash of the directory.
 * Facts measured with the library ariga.io/atlas 0.38.0 and read in its CLI and in the library 1.2.3.
 */
#include "framework/core/entry_index.h"
#include "framework/core/file_rules.h"
#include "framework/core/ledger.h"
#include "framework/core/marked.h"
#include "framework/core/package.h"
#include "framework/core/pattern.h"
#include "framework/core/reading.h"
#include "framework/simple/atlas_hcl.h"
#include "sql/split.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define SUM_LIMIT ((size_t)16 * 1024 * 1024)
#define HEAD_SIZE 4096 /* bytes of a file whose directives are looked for */

extern const struct framework framework_atlas;

/* ---- the folder ---- */

/* "20260105_users.sql": the version up to the first underscore, and after it what it does. */
static bool atlas_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                         const char **warning)
{
    const size_t size = strcspn(file->name, "_");
    (void)folder;
    (void)warning;
    file->key = file->version = arena_strndup(arena, file->name, size);
    file->title = file->name[size] == '_' ? file->name + size + 1 : "";
    return true;
}

/* Does the head of the file have this directive: "-- atlas:NAME …"? */
static bool has_directive(struct text content, const char *words)
{
    content = text_without_mark(content);
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

/* A file that is added to the running hash. */
struct summing {
    struct sha256 *hash;
    bool has_begun;
    bool is_left_out; /* its head says that atlas.sum leaves it out; Atlas cannot execute such a file (SumByName) */
};

static void add_piece(void *data, struct text piece)
{
    struct summing *const summing = data;
    if (!summing->has_begun) {
        summing->is_left_out = has_directive(text_slice(piece, 0, HEAD_SIZE), "sum ignore");
        summing->has_begun = true;
    }
    if (!summing->is_left_out) {
        sha256_add(summing->hash, piece);
    }
}

/* The hash of a file is the running hash up to it (sql/migrate/dir.go): SHA-256 over the names and contents of all
 * files before it and its own. Editing a file changes the hashes of all later ones. */
static bool add_hashes(struct arena *arena, struct migration_files *files, struct status *status)
{
    struct sha256 hash;
    sha256_start(&hash);
    for (size_t i = 0; i < files->count; i++) {
        struct migration_file *const file = &files->items[i];
        unsigned char digest[SHA256_SIZE];
        struct summing summing = {.hash = &hash};
        sha256_add(&hash, text_of(file->filename));
        if (!file_pieces(file->path, add_piece, &summing, status)) {
            sha256_finish(&hash, digest);
            return false;
        }
        sha256_peek(&hash, digest);
        file->checksum = summing.is_left_out ? "" : base64_of(arena, digest, sizeof digest);
    }
    sha256_finish(&hash, (unsigned char[SHA256_SIZE]){0});
    return true;
}

/* Directories of other tools, which atlas reads too (sql/sqltool): their files, and the comment line by which they are
 * recognized. */
static const struct {
    const char *name; /* as atlas and we call it */
    const char *files;
    const char *words; /* NULL: the name is enough */
} formats[] = {
    {"golang-migrate", "*.down.sql", NULL},
    {"flyway", "V{number}*__*.sql", NULL},
    {"goose", "*.sql", "+goose Up"},
    {"dbmate", "*.sql", "migrate:up"},
    {"liquibase", "*.sql", "liquibase formatted sql"},
};

#define FORMATS (sizeof formats / sizeof formats[0])

/* Stores the format that the file shows where `data` points to. */
static bool shows_format(const char *name, bool is_directory, struct text head, const void *data)
{
    size_t *const *const format = data;
    for (size_t i = 0; !is_directory && i < FORMATS; i++) {
        if (pattern_fits(formats[i].files, text_of(name), NULL) &&
            (formats[i].words == NULL || marked_has(head, formats[i].words, false))) {
            **format = i;
            return true;
        }
    }
    return false;
}

/* Refuses files of another format: run as plain files, they would also run the parts that undo everything. */
static void refuse_format(struct arena *arena, const struct folder *folder, struct migration_files *files)
{
    size_t format = 0;
    size_t *const found = &format;
    const struct atlas_settings *const settings = folder->settings;
    const bool is_own = settings != NULL && settings->is_own_format;
    const char *const file = is_own ? NULL : folder_find(arena, folder, shows_format, &found);
    if (file != NULL) {
        files->unrecordable =
            arena_printf(arena,
                         "The directory %s has the format of %s (%s), which atlas reads with ?format=%s and Truss does "
                         "not: run it with atlas, or say --framework %s if that runs it. If its files are plain SQL "
                         "nevertheless, say format = atlas in atlas.hcl.",
                         folder->path, formats[format].name, file, formats[format].name, formats[format].name);
    }
}

static bool atlas_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                       struct status *status)
{
    if (!files_list(arena, folder, files, status) || !add_hashes(arena, files, status)) {
        return false;
    }
    refuse_format(arena, folder, files);
    return true;
}

/* "name.sql h1:HASH" in the lines of atlas.sum; empty if the file is not named. Continues after it. */
static struct text sum_in(struct text *lines, const char *filename)
{
    for (struct text line; text_next_line(lines, &line);) {
        const size_t space = text_find(line, " h1:", 0);
        if (space != SIZE_MAX && text_is(text_slice(line, 0, space), filename)) {
            return text_trim(text_slice(line, space + 4, line.size));
        }
    }
    return (struct text){0};
}

/* The lines are usually in the order of the files: each is searched for after the one before, then among all. */
static struct text sum_of(struct text sum, struct text *rest, const char *filename)
{
    const struct text found = sum_in(rest, filename);
    if (found.size > 0) {
        return found;
    }
    *rest = sum;
    return sum_in(rest, filename);
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
    struct text rest = sum;
    for (size_t i = 0; i < files->count; i++) {
        if (!text_is(sum_of(sum, &rest, files->items[i].filename), files->items[i].checksum)) {
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

static bool atlas_is_below_baseline(const struct folder *folder, const struct migration_file *file)
{
    const struct atlas_settings *const settings = folder->settings;
    return strcmp(file->version, settings->baseline) <= 0;
}

static bool atlas_script(const struct script_request *request)
{
    /* txtar: with checks that must hold before it runs (migrate.go: fileChecks). */
    static const char *const refused[] = {"delimiter", "checkpoint", "import", "txtar", "sum ignore"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (has_directive(request->content, refused[i])) {
            return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                               "%s has the directive atlas:%s, which only atlas itself honours: run it with atlas.",
                               request->file->filename, refused[i]);
        }
    }
    request->script->no_transaction = has_directive(request->content, "txmode none");
    return true;
}

/* ---- the ledger ---- */

/* What is below a baseline counts as applied; and of hashes that differ, only the first means an edit. */
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
    struct entry_index index = entry_index_of(arena, &(const struct ledger_entries){.items = all, .count = count});
    for (size_t i = 0; i < reading->files->count; i++) {
        const struct migration_file *const file = &reading->files->items[i];
        struct ledger_entry *const found = entry_index_last(&index, file->key);
        if (found != NULL && found->checksum != NULL && found->checksum[0] != '\0') {
            const bool same = strcmp(found->checksum, file->checksum) == 0;
            found->checksum = differs ? NULL : found->checksum;
            differs = differs || !same;
        } else if (found != NULL) {
            found->checksum = NULL;
        } else if (baseline != NULL && strcmp(file->key, baseline) < 0) {
            all[count] = ledger_entry_of(file->name, file->key);
            all[count++].baseline = true;
        }
    }
    entries->items = all;
    entries->count = count;
}

static bool atlas_read(struct ledger_reading *reading)
{
    if (!ledger_read_facts(reading, &framework_atlas.ledger)) {
        return false;
    }
    interpret(reading);
    return true;
}

static void put_statements(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    struct sql_lexer lexer = {.text = record->script};
    struct sql_statement statement;
    int64_t count = 0;
    (void)ledger;
    while (sql_next_statement(&lexer, &statement)) {
        count++;
    }
    buffer_printf(sql, "%" PRId64, count);
}

/* type: 2 executed, 4 resolved. */
#define PUT_REVISION(type, statements, time)                                                                           \
    "INSERT INTO {ledger} (\"version\", \"description\", \"type\", \"applied\", \"total\", \"executed_at\", "          \
    "\"execution_time\", \"error\", \"error_stmt\", \"hash\", \"partial_hashes\", \"operator_version\") VALUES "       \
    "({key}, {title}, " type ", " statements ", " statements ", pg_catalog.now(), " time                               \
    ", '', '', {checksum}, 'null', {truss});"
#define IS_THIS "\"version\" OPERATOR(pg_catalog.=) {key}"
#define IS_HALF "\"applied\" OPERATOR(pg_catalog.<) \"total\""

const struct framework framework_atlas = {
    .id = "atlas",
    .display_name = "Atlas",
    .tool = "atlas migrate apply",
    .sent = SENT_IN_TRANSACTION_EACH,
    .sent_unwrapped = SENT_EACH,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "atlas_schema_revisions",
                .columns =
                    "version:varchar description:varchar type:int8 applied:int8 total:int8 executed_at:timestamptz "
                    "execution_time:int8 hash:varchar operator_version:varchar",
                .by_shape = true,
            }),
            .schema = "atlas_schema_revisions",
            .failed_entry_blocks = true,
            .failed_note = "atlas would continue after the statement that failed",
            .needs_baseline = true,
            .baseline_note = "atlas's \"connected database is not clean\"",
            /* type: bit 1 baseline, 2 executed, 4 resolved. Versions that begin with a dot belong to Atlas Cloud. */
            .read = "SELECT version AS key, pg_catalog.concat(version, '_', description) AS name, hash AS checksum, "
                    "executed_at AS applied_at, execution_time OPERATOR(pg_catalog./) 1000000 AS duration_ms, "
                    "nullif(error, '') AS logs, CASE WHEN applied OPERATOR(pg_catalog.<) total OR coalesce(error, '') "
                    "OPERATOR(pg_catalog.<>) '' THEN 'failed' END AS state, (type OPERATOR(pg_catalog.&) 2) "
                    "OPERATOR(pg_catalog.=) 0 AS baseline FROM {ledger} WHERE version OPERATOR(pg_catalog.!~~) '.%' "
                    "ORDER BY version",
            .create =
                "CREATE TABLE {ledger} (\"version\" character varying NOT NULL, \"description\" character varying NOT "
                "NULL, \"type\" bigint NOT NULL DEFAULT 2, \"applied\" bigint NOT NULL DEFAULT 0, \"total\" bigint NOT "
                "NULL DEFAULT 0, \"executed_at\" timestamp with time zone NOT NULL, \"execution_time\" bigint NOT "
                "NULL, \"error\" pg_catalog.text NULL, \"error_stmt\" pg_catalog.text NULL, \"hash\" character varying "
                "NOT NULL, \"partial_hashes\" pg_catalog.jsonb NULL, \"operator_version\" character varying NOT NULL, "
                "PRIMARY KEY (\"version\"));",
            .record = PUT_REVISION("2", "{statements}", "{took:ns}"),
            /* The same as `atlas migrate set`. */
            .mark_applied = "DELETE FROM {ledger} WHERE " IS_THIS " AND " IS_HALF ";" PUT_REVISION("4", "0", "0"),
            .mark_rolled_back =
                "DELETE FROM {ledger} WHERE " IS_THIS " AND (" IS_HALF " OR \"error\" OPERATOR(pg_catalog.<>) '');",
            .words = (const struct ledger_word[]){{.name = "statements", .sql = put_statements}, {0}},
            .advisory_locks = KEYS(INT64_C(2686470616)), /* FNV-1 of "atlas_migrate_execute" */
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations", "atlas/migrations"),
            .sure_by = WORDS("./atlas.sum & !*.up.sql & !V{number}*__*.sql & !*.sql: -- +goose Up|-- migrate:up|"
                             "--liquibase formatted sql"),
            .doubted_by = WORDS("./atlas.sum"), /* it also writes files for other tools */
            .files = FILES({.pattern = "*.sql"}),
        },
    .mentions = MENTIONS({.words = "--dir", .beside = "atlas migrate apply|atlas migrate status", .part = MENTION_PATH},
                         {.words = "--revisions-schema", .beside = "atlas", .part = MENTION_SCHEMA},
                         {.files = "*.go", .words = "RevisionsSchema", .beside = "atlas", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "atlas stops at it (\"added out of order\") unless it is started with --exec-order.",
            .edited_note = ATLAS_EDITED_NOTE,
            .missing_note = ATLAS_MISSING_NOTE,
            .missing_counts = true, /* Executor.Pending of sql/migrate: up to the version of the last revision */
        },
    .hooks = {.accept = atlas_accept,
              .list = atlas_list,
              .check_folder = atlas_check_folder,
              .configure = atlas_configure,
              .is_below_baseline = atlas_is_below_baseline,
              .script = atlas_script,
              .read_ledger = atlas_read},
};
