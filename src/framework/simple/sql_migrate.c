/*
 * sql-migrate: files with an up and a down part, recorded by their whole names. Facts measured with sql-migrate 1.0
 * (Debian).
 */
#include "framework/core/layout.h"
#include "framework/core/line_cuts.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"

#include <stdint.h>
#include <string.h>

/* ---- dbconfig.yml ---- */

#define USUAL_DIR         "migrations"
#define USUAL_TABLE       "gorp_migrations"
#define MOST_ENVIRONMENTS 30 /* each is searched in the whole file */
#define MOST_BYTES        ((size_t)16 * 1024)

/* What an environment says. */
struct environment {
    const char *name;
    const char *dir;
    const char *table;  /* NULL: the default */
    const char *schema; /* NULL: none */
    bool ignores_unknown;
};

struct environments {
    struct environment *items;
    size_t count;
    size_t capacity;
};

static bool is_same(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

/* The key of a line that is not indented; empty: there is none. */
static struct text top_key(struct text line)
{
    const size_t colon = line.size == 0 || strchr(" \t\r#-", line.data[0]) != NULL ? SIZE_MAX : text_find(line, ":", 0);
    struct text key = text_trim(text_slice(line, 0, colon == SIZE_MAX ? 0 : colon));
    const bool is_quoted = key.size > 1 && strchr("'\"", key.data[0]) != NULL;
    return is_quoted ? text_slice(key, 1, key.size - 1) : key;
}

/* The environment with the anchor that this one merges ("<<: *base" below it, "base: &base"); NULL: none. */
static const char *merged_into(struct arena *arena, struct text content, const char *name)
{
    struct text rest = content;
    struct text anchor = {0};
    bool is_inside = false;
    for (struct text line; anchor.size == 0 && text_next_line(&rest, &line);) {
        const struct text key = top_key(line);
        const struct text said = text_trim(line);
        const size_t star = is_inside && text_starts_with(said, "<<:") ? text_find(said, "*", 0) : SIZE_MAX;
        is_inside = key.size > 0 ? text_is(key, name) : is_inside;
        anchor = star == SIZE_MAX ? anchor : text_trim(text_slice(said, star + 1, said.size));
    }
    rest = content;
    for (struct text line; anchor.size > 0 && text_next_line(&rest, &line);) {
        const struct text key = top_key(line);
        const size_t at = key.size == 0 ? SIZE_MAX : text_find(line, "&", 0);
        if (at != SIZE_MAX && text_equal(text_trim(text_slice(line, at + 1, line.size)), anchor)) {
            return arena_strndup(arena, key.data, key.size);
        }
    }
    return NULL;
}

static const char *said_of(struct arena *arena, struct text content, const char *name, const char *key)
{
    const char *const own = config_yaml(arena, content, (const char *const[]){name, key, NULL});
    const char *const other = own == NULL ? merged_into(arena, content, name) : NULL;
    return other == NULL ? own : config_yaml(arena, content, (const char *const[]){other, key, NULL});
}

/* Appends an environment, unless it is of another server, or only there to be merged into others. */
static void add_environment(struct arena *arena, struct text content, const char *name, bool has_anchor,
                            struct environments *all)
{
    const char *const dialect = said_of(arena, content, name, "dialect");
    const char *const dir = said_of(arena, content, name, "dir");
    const char *const table = said_of(arena, content, name, "table");
    const char *const ignores = said_of(arena, content, name, "ignoreunknown");
    if ((dialect != NULL && strcmp(dialect, "postgres") != 0) ||
        (has_anchor && said_of(arena, content, name, "datasource") == NULL)) {
        return;
    }
    all->items = arena_grow(arena, all->items, all->count, &all->capacity, sizeof *all->items);
    all->items[all->count++] = (struct environment){
        .name = name,
        .dir = dir == NULL ? USUAL_DIR : dir,
        .table = is_same(table, USUAL_TABLE) ? NULL : table,
        .schema = said_of(arena, content, name, "schema"),
        .ignores_unknown = ignores != NULL && strcmp(ignores, "true") == 0,
    };
}

/* All environments, production first if there is one, then development, the tool's default. */
static struct environments environments_of(struct arena *arena, struct text content)
{
    static const char *const first[] = {"production", "development", NULL};
    struct environments all = {0};
    size_t keys = 0;
    for (size_t i = 0; i <= sizeof first / sizeof first[0] - 1; i++) {
        struct text rest = content;
        for (struct text line; keys < MOST_ENVIRONMENTS && text_next_line(&rest, &line);) {
            const struct text key = top_key(line);
            const bool is_first = text_is(key, first[0]) || text_is(key, first[1]);
            if (key.size > 0 && (first[i] != NULL ? text_is(key, first[i]) : !is_first)) {
                keys++;
                add_environment(arena, content, arena_strndup(arena, key.data, key.size),
                                text_find(line, "&", 0) != SIZE_MAX, &all);
            }
        }
    }
    return all;
}

/* The environment of a run is given only to the tool (-env): if two environments differ, either could be meant, so the
 * user is asked. */
static void ask_where_they_differ(struct arena *arena, struct folder *folder, struct source_file file,
                                  const struct environments *all)
{
    const struct environment *const taken = &all->items[0];
    for (size_t i = 1; i < all->count; i++) {
        const struct environment *const here = &all->items[i];
        const size_t at = text_find(file.content, arena_printf(arena, "%s:", here->name), 0);
        if (!is_same(path_join(arena, folder->base, here->dir), folder->path)) {
            unread_folder_because(
                arena, folder, file, at,
                arena_printf(arena, "has another dir for %s (%s) than for %s", here->name, here->dir, taken->name));
        }
        if (!is_same(here->table, taken->table) || !is_same(here->schema, taken->schema)) {
            unread_ledger_because(arena, folder, file, at,
                                  arena_printf(arena, "has another table for %s than for %s", here->name, taken->name));
        }
    }
}

/* With "ignoreunknown" a row without a file is none of its business. */
static const struct habits ignoring = {
    .late = LATE_RUNS,
    .late_note = "sql-migrate runs it, after those that are applied already.",
    .missing_note = "sql-migrate says nothing of it: dbconfig.yml says ignoreunknown.",
};

static bool sql_migrate_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, "dbconfig.yml", &content)) {
        return false;
    }
    const struct source_file file = {"dbconfig.yml", content};
    folder->evidence = path_join(arena, folder->base, "dbconfig.yml");
    if (content.size > MOST_BYTES) {
        unread_folder_because(arena, folder, file, 0, "is larger than 16 kB and is not read");
        return true;
    }
    const struct environments all = environments_of(arena, text_without_mark(content));
    if (all.count == 0) {
        return true;
    }
    const struct environment *const taken = &all.items[0];
    unread_folder(arena, folder, file,
                  config_yaml_unread(arena, content, (const char *const[]){taken->name, "dir", NULL}), "dir");
    if (folder->unread == NULL) {
        folder->path = path_join(arena, folder->base, taken->dir);
        folder->ledger.table = taken->table;
        folder->ledger.schema = taken->schema;
        folder->habits = taken->ignores_unknown ? &ignoring : NULL;
        ask_where_they_differ(arena, folder, file, &all);
    }
    return true;
}

/* ---- what its parser refuses ---- */

struct parse {
    bool is_inside;  /* below the first marker of a part */
    bool is_one;     /* between StatementBegin and StatementEnd */
    bool has_text;   /* of a statement that has not ended */
    bool is_refused; /* a part begins before the statement has ended */
    struct line_cuts cuts;
};

/* A line that begins with "-- +migrate ". */
static void follow_marker(struct parse *parse, struct text words)
{
    size_t size = 0;
    while (size < words.size && strchr(" \t\r", words.data[size]) == NULL) {
        size++;
    }
    const struct text word = text_slice(words, 0, size);
    const bool is_end = text_is(word, "StatementEnd") && parse->is_one;
    if (text_is(word, "Up") || text_is(word, "Down")) {
        parse->is_refused = parse->is_refused || parse->has_text;
        parse->is_inside = true;
    }
    parse->is_one = (parse->is_one || (text_is(word, "StatementBegin") && parse->is_inside)) && !is_end;
    parse->has_text = parse->has_text && !is_end;
}

static bool fail_cut(const struct script_request *request, unsigned line)
{
    return status_fail(
        request->status, STATUS_FAILED_PRECONDITION,
        "%s, line %u: sql-migrate ends a statement at the semicolon at the end of this line, which is "
        "inside of one, and PostgreSQL refuses both halves. Put \"-- +migrate StatementBegin\" above that "
        "statement and \"-- +migrate StatementEnd\" below it.",
        request->file->filename, line);
}

/* Follows a line of the file. `run`: what is left of it in the up parts, `at` its offset there. Returns false if a
 * statement is cut in two. */
static bool follow_line(struct parse *parse, struct text line, struct text run, size_t at)
{
    static const char marker[] = "-- +migrate ";
    if (text_starts_with(line, marker)) {
        (void)(parse->is_one && line_cut(&parse->cuts, at, true));
        follow_marker(parse, text_trim(text_slice(line, strlen(marker), line.size)));
        return true;
    }
    if (!parse->is_inside || text_starts_with(line, "-- ")) {
        return true;
    }
    const size_t semicolon = parse->is_one ? SIZE_MAX : line_semicolon(run);
    parse->has_text =
        (parse->has_text || text_trim(line).size > 0) && (parse->is_one || line_semicolon(line) == SIZE_MAX);
    return semicolon == SIZE_MAX || line_cut(&parse->cuts, at + semicolon, false);
}

/* It parses whole files, and runs none if one of them has a statement without an end (sqlparse.go, ParseMigration). */
static bool sql_migrate_script(const struct script_request *request)
{
    const struct text sql = line_ends(request->arena, request->script->sql, "+migrate StatementEnd", false);
    struct parse parse = {.cuts = {.lexer = {.text = sql}}};
    struct text rest = request->content;
    struct text left = sql;
    struct text run;
    unsigned number = 0;
    for (struct text line; text_next_line(&rest, &line) && text_next_line(&left, &run);) {
        number++;
        if (!follow_line(&parse, line, run, (size_t)(run.data - sql.data))) {
            return fail_cut(request, number);
        }
    }
    request->script->sql = sql;
    return (!parse.is_one && !parse.has_text && !parse.is_refused) ||
           status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s: sql-migrate stops at it, because %s.",
                       request->file->filename,
                       parse.is_one ? "\"-- +migrate StatementBegin\" has no \"-- +migrate StatementEnd\""
                                    : "the last statement of each part must end with a semicolon at the end of a line, "
                                      "or with \"-- +migrate StatementEnd\"");
}

const struct framework framework_sql_migrate = {
    .id = "sql-migrate",
    .display_name = "sql-migrate",
    .tool = "sql-migrate up",
    .sent = SENT_IN_TRANSACTION_EACH,
    .sent_unwrapped = SENT_EACH,
    .ledger =
        {
            .shapes =
                SHAPES({.table = "gorp_migrations", .columns = "id:text applied_at:timestamptz", .only_columns = true}),
            .read = "SELECT id AS key, applied_at FROM {ledger} ORDER BY applied_at, id",
            .create = "CREATE TABLE {ledger} (id pg_catalog.text NOT NULL PRIMARY KEY, applied_at timestamp with time "
                      "zone);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (id, applied_at) VALUES ({name}, {clock});",
        },
    .folder =
        {
            .places = WORDS("migrations", "migrations/postgres", "db/migrations"),
            .named_by = "go.mod: rubenv/sql-migrate",
            .sure_by = WORDS("*.sql: -- +migrate Up"),
            .files = FILES({.pattern = "{number}*.sql"}, {.pattern = "*.sql"}),
            .whole_names = true,
            .order = ORDER_OF_NUMBERS, /* those without one come last (sql-migrate's Less) */
            .marks = {.up = "+migrate Up",
                      .down = "+migrate Down",
                      .start = "-- +migrate ",
                      .drops_comments = true,
                      .drops_returns = true},
            .alone = {ALONE_UP_LINE, "notransaction"},
            .makes = {"{utc:%Y%m%d%H%M%S}-{slug:-}.sql", "\n-- +migrate Up\n\n-- +migrate Down\n"},
        },
    .mentions =
        MENTIONS({.files = "*.go", .words = "SetTable(", .beside = "rubenv/sql-migrate"},
                 {.files = "*.go", .words = "SetSchema(", .beside = "rubenv/sql-migrate", .part = MENTION_SCHEMA},
                 {.files = "*.go", .words = "Dir", .beside = "FileMigrationSource{", .part = MENTION_PATH},
                 {.files = "*.go",
                  .words = "MemoryMigrationSource{|AssetMigrationSource{",
                  .beside = "rubenv/sql-migrate",
                  .part = MENTION_ELSEWHERE},
                 {.files = "*.go", .words = "Root", .beside = "EmbedFileSystemMigrationSource{", .part = MENTION_PATH},
                 {.files = "*.go", .words = "TableName", .beside = "rubenv/sql-migrate"},
                 {.files = "*.go", .words = "SchemaName", .beside = "rubenv/sql-migrate", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sql-migrate runs it, after those that are applied already.",
            .missing_blocks = true,
            .missing_note = "sql-migrate stops at it (\"unknown migration in database\").",
        },
    .hooks = {.configure = sql_migrate_configure, .script = sql_migrate_script},
};
