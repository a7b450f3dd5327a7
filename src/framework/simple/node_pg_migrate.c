/*
 * node-pg-migrate: SQL files or programs, recorded by their names without their suffixes. Facts measured with
 * node-pg-migrate 9.0.0.
 */
#include "framework/core/listing.h"
#include "framework/core/locale_order.h"
#include "framework/core/package.h"
#include "framework/core/script.h"
#include "framework/core/template.h"
#include "framework/core/unread.h"
#include "framework/formats/properties.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- the folder ---- */

/* Seventeen digits are a time in UTC, to be compared with the milliseconds since 1970 in other names. */
static const char *number_of(const struct migration_file *file, char out[24])
{
    struct tm parts = {0};
    char time[15];
    if (strlen(file->version) != 17) {
        return file->version;
    }
    memcpy(time, file->version, 14);
    time[14] = '\0';
    if (strptime(time, "%Y%m%d%H%M%S", &parts) == NULL) {
        return file->version;
    }
    snprintf(out, 24, "%lld%s", (long long)timegm(&parts), file->version + 14);
    return out;
}

/* Files with equal prefixes are in the order of localeCompare (compareMigrationFileNames of 9.0.0), with their
 * suffixes; equal ones stay as the directory has been sorted, by their bytes. */
static int by_prefix(const struct migration_file *a, const struct migration_file *b)
{
    char first[24];
    char second[24];
    const int order = number_compare(text_of(number_of(a, first)), text_of(number_of(b, second)));
    const int names = order != 0 ? order : locale_compare_numeric(a->filename, b->filename);
    return names != 0 ? names : strcmp(a->filename, b->filename);
}

/* Only a loader that a project configures ("sql" of 10) knows pairs of files; the usual one takes each file. */
static bool node_pg_migrate_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                                   const char **warning)
{
    (void)folder;
    if (text_ends_with(text_of(file->filename), ".down.sql")) {
        *warning = arena_printf(arena,
                                "%s is a migration of its own and runs like the others: node-pg-migrate gives "
                                "\".down.sql\" no meaning. Put what undoes a migration below a line \"-- Down "
                                "Migration\" of its file.",
                                file->filename);
    }
    return true;
}

/* The first schema of its search path: a string, or a list. Of several the user is asked. */
static const char *schema_said(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    const char *const *const path = WORDS("db", "schema");
    const char *const one = property_string(arena, file->content, path);
    size_t at = 0;
    const size_t value = one != NULL ? SIZE_MAX : property_find(file->content, path, &at);
    if (value == SIZE_MAX) {
        return one;
    }
    const struct text list = text_slice(file->content, value, text_find(file->content, "]", value));
    const struct text item = text_trim(text_slice(list, 1, list.size));
    if (text_starts_with(list, "[") && text_starts_with(item, "\"") && text_find(item, "\"", 1) == item.size - 1) {
        return arena_strndup(arena, item.data + 1, item.size - 2);
    }
    unread_ledger(arena, folder, *file, value, "schema");
    return NULL;
}

/* Settings by which only its own tool tells which files are migrations. */
static void note_choice(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    static const char usual[] = "\"\\\\..*\""; /* what its command says by itself: hidden files */
    static const char *const keys[] = {"ignore-pattern", "use-glob"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *const path[] = {"db", keys[i], NULL};
        size_t at = 0;
        const size_t value = property_find(file->content, path, &at);
        if (property_is_set(file->content, path) &&
            !text_starts_with(text_slice(file->content, value, file->content.size), usual)) {
            unread_folder_because(
                arena, folder, *file, value,
                arena_printf(arena, "has %s: which files are migrations then, only node-pg-migrate knows", keys[i]));
        }
    }
}

/* Is the order not checked: by each command of package.json, or by the configuration? */
static bool is_order_free(struct arena *arena, const struct folder *folder, struct text configuration)
{
    struct text package;
    size_t at = 0;
    const size_t value = property_find(configuration, WORDS("db", "check-order"), &at);
    const size_t commands =
        folder_read(arena, folder, "package.json", &package) ? text_count(package, "node-pg-migrate ") : 0;
    return (value != SIZE_MAX && text_starts_with(text_slice(configuration, value, configuration.size), "false")) ||
           (commands > 0 && text_count(package, "--no-check-order") == commands);
}

static const struct habits habits_without_order = {
    .late = LATE_RUNS,
    .late_note = "node-pg-migrate runs it, because it is started with --no-check-order.",
    .missing_note = "node-pg-migrate says nothing of it, because it is started with --no-check-order.",
};

/* The settings that its CLI finds with the package "config", in the section "db". */
static bool node_pg_migrate_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"config/default.json", "config/production.json", NULL};
    struct text source = {0};
    const char *const name = folder_first_file(arena, folder, names);
    if (!folder_depends_on(arena, folder, "node-pg-migrate")) {
        return false;
    }
    const bool has_settings = name != NULL && folder_read(arena, folder, name, &source);
    const bool is_free = is_order_free(arena, folder, source);
    folder->habits = is_free ? &habits_without_order : NULL;
    if (!has_settings) {
        folder->evidence = is_free ? path_join(arena, folder->base, "package.json") : NULL;
        return is_free;
    }
    const char *const directory = property_string(arena, source, WORDS("db", "migrations-dir"));
    const struct source_file file = {name, source};
    const char *const schema = schema_said(arena, folder, &file);
    const char *const own = property_string(arena, source, WORDS("db", "migrations-schema"));
    folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
    folder->ledger.table = property_string(arena, source, WORDS("db", "migrations-table"));
    folder->ledger.schema = own != NULL ? own : schema;
    folder->settings = schema != NULL ? schema : "public"; /* the search path */
    unread_folder(arena, folder, file, property_unread(source, WORDS("db", "migrations-dir")), "migrations-dir");
    note_choice(arena, folder, &file);
    if (folder->unread == NULL && folder->unread_ledger == NULL && folder->path == NULL && !is_free &&
        folder->ledger.table == NULL && folder->ledger.schema == NULL) {
        return false;
    }
    folder->evidence = path_join(arena, folder->base, name);
    return true;
}

/* /^\s*--[\s-]*up\s+migration/i, for one line. */
static bool is_marker(struct text line, const char *direction)
{
    const size_t size = strlen(direction);
    line = text_trim(line);
    if (!text_starts_with(line, "--")) {
        return false;
    }
    while (line.size > 0 && (line.data[0] == '-' || isspace((unsigned char)line.data[0]) != 0)) {
        line = text_slice(line, 1, line.size);
    }
    if (line.size <= size || strncasecmp(line.data, direction, size) != 0 ||
        isspace((unsigned char)line.data[size]) == 0) {
        return false;
    }
    const struct text rest = text_trim(text_slice(line, size, line.size));
    return rest.size >= strlen("migration") && strncasecmp(rest.data, "migration", strlen("migration")) == 0;
}

static bool is_up(struct text line)
{
    return is_marker(line, "up");
}

static bool is_down(struct text line)
{
    return is_marker(line, "down");
}

/* Without an up line the whole file counts as up, including a down part: so its own tool runs it. */
static bool node_pg_migrate_script(const struct script_request *request)
{
    size_t behind;
    const size_t up = script_find_line(request->content, 0, is_up, &behind);
    const size_t down = script_find_line(request->content, 0, is_down, &behind);
    if (up == SIZE_MAX && down != SIZE_MAX) {
        return status_fail(
            request->status, STATUS_FAILED_PRECONDITION,
            "%s has a line \"-- Down Migration\" and none \"-- Up Migration\": node-pg-migrate would run both parts. "
            "Add the line.",
            request->file->filename);
    }
    if (up != SIZE_MAX) {
        request->script->sql = script_keep(request->arena, request->content, up,
                                           down == SIZE_MAX || down < up ? request->content.size : down);
    }
    return true;
}

/* ---- the ledger ---- */

static struct session_path search_path_of(const struct ledger *ledger)
{
    const char *const schema = ledger->folder == NULL ? NULL : ledger->folder->settings;
    return (struct session_path){PATH_ALONE, schema == NULL ? ledger->schema : schema};
}

/* Does --ignore-pattern say what the command says by itself, \..* ? */
static bool ignores_hidden(struct text behind, struct text content)
{
    size_t start = 0;
    (void)content;
    while (start < behind.size && strchr(" =\"'\\", behind.data[start]) != NULL) {
        start++;
    }
    const struct text said = text_slice(behind, start, behind.size);
    return text_starts_with(said, "..*") && (said.size == 3 || strchr(" \"'\\\n", said.data[3]) != NULL);
}

#define LATEST "(SELECT greatest(pg_catalog.now()::timestamp, pg_catalog.max(run_on)) FROM {ledger})"

/* run_on is a time without a zone, and the rows are compared in its order: one that was written by a session in another
 * zone must not be later than ours. Many rows of one transaction have the time of the first: to look through thousands
 * of rows for each would take thousands of times as long. */
static void put_run_on(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    static const char *const times[] = {
        [ROW_ALONE] = LATEST,
        [ROW_FIRST] = "pg_catalog.set_config('truss.latest', " LATEST "::pg_catalog.text, true)::timestamp",
        [ROW_FURTHER] = "pg_catalog.current_setting('truss.latest')::timestamp",
    };
    template_put(sql, times[record == NULL ? ROW_ALONE : record->place], NULL, ledger, record);
}

const struct framework framework_node_pg_migrate = {
    .id = "node-pg-migrate",
    .display_name = "node-pg-migrate",
    .tool = "node-pg-migrate up",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "pgmigrations", .columns = "id:int4 name:varchar run_on:timestamp", .only_columns = true}),
            .read = "SELECT name AS key, id::pg_catalog.text AS id, run_on::timestamp with time zone AS applied_at "
                    "FROM {ledger} ORDER BY run_on, id",
            .create = "CREATE TABLE {ledger} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, "
                      "run_on timestamp NOT NULL);",
            .path = search_path_of,
            /* checkOrder. Where our runs send the SQL it is a warning: a program looks at it only if it says
             * checkOrder, and rows are in this order after a late migration that was allowed. */
            .order_note = "node-pg-migrate stops at that (\"is preceding already run migration\")",
            .record = "INSERT INTO {ledger} (name, run_on) VALUES ({name}, {run_on});",
            .words = (const struct ledger_word[]){{.name = "run_on", .sql = put_run_on}, {0}},
            .advisory_locks = KEYS(INT64_C(7241865325823964)),
        },
    .folder =
        {
            .places = WORDS("migrations", "src/migrations", "db/migrations"),
            .named_by = "package.json: node-pg-migrate",
            .sure_by = WORDS("package.json: node-pg-migrate"),
            .likely_by = WORDS("{number}*.sql: -- Up Migration|-- up migration|-- UP MIGRATION", "{number}*: pgm"),
            /* Endings in any case are SQL; all others are loaded as programs (resolveMigrationLoader). */
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "{number}*.{sql|SQL|Sql}"},
                           {.pattern = "{number}*.{js|ts|mjs|cjs|mts|cts}", .is_code = true},
                           {.pattern = "{number}*.{JS|TS|MJS|CJS|MTS|CTS}", .is_code = true},
                           {.pattern = "{number}*",
                            .passed_over = true,
                            .warning = "is loaded as a program by node-pg-migrate, which stops at it if it is none."},
                           {.pattern = "*",
                            .passed_over = true,
                            .warning = "does not begin with a number: node-pg-migrate stops at it."}),
            .makes = {"{unix:ms}_{slug:-}.sql", "-- Up Migration\n\n-- Down Migration\n"},
        },
    .mentions = MENTIONS(
        {.words = "--schema|-s", .beside = "node-pg-migrate", .part = MENTION_SCHEMA},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}",
         .words = "dir",
         .beside = "'node-pg-migrate'|\"node-pg-migrate\"",
         .part = MENTION_PATH},
        {.words = "-m|--migrations-dir|--config-file", .beside = "node-pg-migrate", .part = MENTION_PATH},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}",
         .words = "migrationLoaderStrategies",
         .beside = "node-pg-migrate",
         .part = MENTION_FOLDER},
        {.words = "--use-glob", .beside = "node-pg-migrate", .part = MENTION_FOLDER},
        {.words = "--ignore-pattern", .beside = "node-pg-migrate", .part = MENTION_FOLDER, .is_usual = ignores_hidden},
        {.words = "--migrations-table", .not_of = "dbmate"}, {.words = "-t", .beside = "node-pg-migrate"},
        {.words = "--migrations-schema", .part = MENTION_SCHEMA},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "migrationsTable", .beside = "node-pg-migrate"},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}",
         .words = "migrationsSchema",
         .beside = "node-pg-migrate",
         .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note =
                "node-pg-migrate stops at it (\"is preceding already run migration\") unless it is started with "
                "--no-check-order.",
            .missing_blocks = true,
            .missing_note = "node-pg-migrate stops at it unless it is started with --no-check-order.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("node_modules/.bin/node-pg-migrate"),
            .run = WORDS("up"),
            .run_to = WORDS("up", "{name}"),
        },
    .hooks = {.configure = node_pg_migrate_configure,
              .accept = node_pg_migrate_accept,
              .compare = by_prefix,
              .script = node_pg_migrate_script},
};
