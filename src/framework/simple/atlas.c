/*
 * Atlas: versioned directories with a checksum file, each revision recorded with the running hash of the directory.
 * Facts measured with the library ariga.io/atlas 0.38.0 and read in its CLI.
 */
#include "framework/core/entry_index.h"
#include "framework/core/file_rules.h"
#include "framework/core/ledger.h"
#include "framework/core/marked.h"
#include "framework/core/package.h"
#include "framework/core/pattern.h"
#include "framework/core/reading.h"
#include "framework/core/unread.h"
#include "sql/split.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define SUM_LIMIT ((size_t)16 * 1024 * 1024)

extern const struct framework framework_atlas;

/* The settings of a folder whose configuration says that it has atlas's own format. */
static const char atlas_own_format;

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

static void add_piece(void *hash, struct text piece)
{
    sha256_add(hash, piece);
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
        sha256_add(&hash, text_of(file->filename));
        if (!file_pieces(file->path, add_piece, &hash, status)) {
            sha256_finish(&hash, digest);
            return false;
        }
        sha256_peek(&hash, digest);
        file->checksum = base64_of(arena, digest, sizeof digest);
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
    const bool is_own = folder->settings == &atlas_own_format;
    const char *const file = is_own ? NULL : folder_find(arena, folder, shows_format, &found);
    if (file != NULL) {
        files->unrecordable = arena_printf(
            arena,
            "The directory %s has the format of %s (%s), which atlas reads with ?format=%s and Truss does not: run it "
            "with atlas, or say --framework %s where that runs it. If its files are plain SQL all the same, say "
            "format = atlas in atlas.hcl.",
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

/* The text after "key =" on a line of its own; empty if there is none. */
static struct text hcl_said(struct text content, const char *key)
{
    struct text rest = content;
    for (struct text line; text_next_line(&rest, &line);) {
        const struct text name = text_trim(line);
        const struct text value = text_trim(text_slice(name, strlen(key), name.size));
        if (text_starts_with(name, key) && text_starts_with(value, "=")) {
            return text_trim(text_slice(value, 1, value.size));
        }
    }
    return (struct text){0};
}

/* The same for a local; the block of locals may come after its use. */
static struct text hcl_local(struct text content, const char *name)
{
    const size_t at = text_find(content, "locals {", 0);
    return hcl_said(text_slice(content, at == SIZE_MAX ? content.size : at, content.size), name);
}

#define MOST_LOCALS 16 /* of which a value is put together */

/* The text of a value, with the locals that it names ("file://${local.dir}", local.dir); NULL: it is a variable, a
 * function or a choice. */
static const char *hcl_text(struct arena *arena, struct text content, struct text said)
{
    static const char local[] = "local.";
    if (text_starts_with(said, local)) {
        const char *const name = arena_strndup(arena, said.data + strlen(local), said.size - strlen(local));
        said = strpbrk(name, ".[( ?") == NULL ? hcl_local(content, name) : said;
    }
    const size_t end = text_starts_with(said, "\"") ? text_find(said, "\"", 1) : SIZE_MAX;
    if (end == SIZE_MAX) {
        return NULL;
    }
    const char *text = arena_strndup(arena, said.data + 1, end - 1);
    for (int i = 0; i < MOST_LOCALS && strstr(text, "${local.") != NULL; i++) {
        const char *const open = strstr(text, "${local.");
        const char *const name = open + strlen("${local.");
        const size_t size = strcspn(name, "}");
        const struct text value = hcl_local(content, arena_strndup(arena, name, size));
        const size_t close = text_starts_with(value, "\"") ? text_find(value, "\"", 1) : SIZE_MAX;
        if (name[size] == '\0' || close == SIZE_MAX) {
            return NULL;
        }
        text = arena_printf(arena, "%.*s%.*s%s", (int)(open - text), text, (int)(close - 1), value.data + 1,
                            name + size + 1);
    }
    return strstr(text, "${") != NULL ? NULL : text;
}

/* A value; if it cannot be read, *at is its offset. */
static const char *hcl_value(struct arena *arena, struct text content, const char *key, size_t *at)
{
    const struct text said = hcl_said(content, key);
    const char *const text = said.size == 0 ? NULL : hcl_text(arena, content, said);
    *at = said.size == 0 || text != NULL ? SIZE_MAX : (size_t)(said.data - content.data);
    return text;
}

/* Where another environment gives a value that differs from the first, which was taken; SIZE_MAX: none does. Users
 * choose an environment with --env. Addresses of another kind ("atlas://app") are not folders of the project. */
static size_t hcl_otherwise(struct arena *arena, struct text content, const char *key, const char *taken)
{
    static const char scheme[] = "file://";
    const bool is_folder = text_starts_with(text_of(taken), scheme);
    struct text said = hcl_said(content, key);
    for (int i = 0; said.size != 0; i++) {
        const size_t at = (size_t)(said.data - content.data);
        const char *const text = i < MOST_LOCALS ? hcl_text(arena, content, said) : NULL;
        const bool counts = text == NULL || !is_folder || text_starts_with(text_of(text), scheme);
        if (counts && (text == NULL || strcmp(text, taken) != 0)) {
            return at;
        }
        said = hcl_said(text_slice(content, at + said.size, content.size), key);
    }
    return SIZE_MAX;
}

/* The directory's format, which is in its URL or next to it, as a text or a bare word (format = golang-migrate); NULL:
 * nothing is said. */
static const char *format_of(struct arena *arena, struct text content, const char *directory)
{
    static const char parameter[] = "format=";
    const struct text said = hcl_said(content, "format");
    const char *const query = directory == NULL ? NULL : strchr(directory, '?');
    const char *const in_url = query == NULL ? NULL : strstr(query, parameter);
    if (in_url != NULL) {
        return arena_strndup(arena, in_url + strlen(parameter), strcspn(in_url + strlen(parameter), "&"));
    }
    const char *const text = said.size == 0 ? NULL : hcl_text(arena, content, said);
    const char *const word = arena_strndup(arena, said.data, said.size == 0 ? 0 : strcspn(said.data, " \t\r\n#/"));
    return text != NULL ? text : word[strcspn(word, ".\"")] != '\0' || word[0] == '\0' ? NULL : word;
}

static bool atlas_configure(struct arena *arena, struct folder *folder)
{
    struct source_file file = {.name = "atlas.hcl"};
    size_t at;
    if (!folder_read(arena, folder, file.name, &file.content)) {
        return false;
    }
    const char *directory = hcl_value(arena, file.content, "dir", &at);
    const char *const format = format_of(arena, file.content, directory);
    if (format != NULL && strcmp(format, "atlas") != 0) {
        return false; /* the files are another tool's, for which atlas usually only writes them */
    }
    folder->settings = format == NULL ? NULL : &atlas_own_format;
    unread_folder(arena, folder, file, at, "dir");
    if (directory != NULL && folder->unread == NULL && text_starts_with(text_of(directory), "file://")) {
        unread_folder_because(arena, folder, file, hcl_otherwise(arena, file.content, "dir", directory),
                              "has another dir than an environment before it");
        directory += strlen("file://");
        directory += directory[0] == '.' && directory[1] == '/' ? 2 : 0;
        folder->path = path_join(arena, folder->base, arena_strndup(arena, directory, strcspn(directory, "?")));
    }
    folder->ledger.schema = hcl_value(arena, file.content, "revisions_schema", &at);
    unread_ledger(arena, folder, file, at, "revisions_schema");
    if (folder->ledger.schema != NULL) {
        unread_ledger_because(arena, folder, file,
                              hcl_otherwise(arena, file.content, "revisions_schema", folder->ledger.schema),
                              "has another revisions_schema than an environment before it");
    }
    folder->evidence = path_join(arena, folder->base, file.name);
    return true;
}

static bool atlas_script(const struct script_request *request)
{
    static const char *const refused[] = {"delimiter", "checkpoint", "import"};
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
            .failed_note = "atlas would go on behind the statement that failed",
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
                "NULL, "
                "\"error\" pg_catalog.text NULL, \"error_stmt\" pg_catalog.text NULL, \"hash\" character varying NOT "
                "NULL, \"partial_hashes\" pg_catalog.jsonb NULL, \"operator_version\" character varying NOT NULL, "
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
            .edited_note =
                "atlas refuses a directory whose sum does not match; once that is made anew it does not compare.",
            .missing_note = "atlas says nothing of it.",
        },
    .hooks = {.accept = atlas_accept,
              .list = atlas_list,
              .check_folder = atlas_check_folder,
              .configure = atlas_configure,
              .script = atlas_script,
              .read_ledger = atlas_read},
};
