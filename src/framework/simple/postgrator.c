/*
 * Postgrator: NNN.do.name.sql, recorded by number with the MD5 of the file. Facts measured with postgrator 8.0.0 and
 * its CLI 9.1.1.
 */
#include "framework/coded/code.h"
#include "framework/core/configuration.h"
#include "framework/core/package.h"
#include "framework/core/unread.h"
#include "framework/formats/properties.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The settings of its configuration. */
struct settings {
    const char *newline; /* NULL: files count as they are */
    bool is_cli;         /* its CLI reads it, which passes on neither newline nor currentSchema (postgrator-cli.js); a
                            program with the library may read the file, too */
    const char *schema;  /* the search path of its connection (lib/Client.js); NULL: the connection's own */
    bool only_sql;       /* its pattern takes no programs */
};

/* ---- the folder ---- */

#define EXACT_DIGITS 15 /* so many are always the same in a double */
#define MOST_DIGITS  17 /* so many tell any double from its neighbours */

/* Number(…) of JavaScript as it prints that: the shortest digits that mean the same double, filled up with zeros. A
 * time of 17 digits becomes its neighbour: 20240101120000123 is 20240101120000124. */
static const char *number_of_javascript(struct arena *arena, const char *digits)
{
    const double value = strtod(digits, NULL);
    char shortest[40] = "";
    struct buffer out = {.arena = arena};
    if (strlen(digits) <= EXACT_DIGITS) {
        return digits;
    }
    for (int count = EXACT_DIGITS; count <= MOST_DIGITS; count++) { /* "2.0240101120000124e+16" */
        snprintf(shortest, sizeof shortest, "%.*e", count - 1, value);
        if (strtod(shortest, NULL) >= value && strtod(shortest, NULL) <= value) {
            break;
        }
    }
    const size_t power = strtoul(strchr(shortest, 'e') + 1, NULL, 10);
    for (const char *c = shortest; *c != 'e'; c++) {
        if (*c != '.') {
            buffer_putc(&out, *c);
        }
    }
    while (out.size <= power) {
        buffer_putc(&out, '0');
    }
    return arena_strndup(arena, buffer_string(&out), power + 1);
}

/* "002.do.create-posts.sql" is "create-posts", which ends at a dot; "003.do.sql" has no name. */
static bool postgrator_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                              const char **warning)
{
    const struct settings *const settings = folder->settings;
    if (settings != NULL && settings->only_sql && file->is_code) {
        return false;
    }
    if (strcmp(file->version, "0") == 0) {
        *warning =
            arena_printf(arena, "%s is passed over by postgrator: its table begins with version 0.", file->filename);
        return false;
    }
    file->key = file->version = number_of_javascript(arena, file->version);
    file->name = file->title == NULL ? arena_printf(arena, "%s.do", file->name) : file->name;
    file->title = file->title == NULL ? "" : arena_strndup(arena, file->title, strcspn(file->title, "."));
    return true;
}

static bool postgrator_check_folder(struct arena *arena, const struct folder *folder,
                                    const struct migration_files *files, struct status *status)
{
    (void)arena;
    (void)folder;
    for (size_t i = 1; i < files->count; i++) {
        if (strcmp(files->items[i - 1].version, files->items[i].version) == 0) {
            return status_fail(status, STATUS_FAILED_PRECONDITION,
                               "%s and %s have the same version %s, at which postgrator stops: give one of them "
                               "another.",
                               files->items[i - 1].filename, files->items[i].filename, files->items[i].version);
        }
    }
    return true;
}

/* Where its CLI looks (lilconfig); in package.json it is below "postgrator". */
static const char *find_config(struct arena *arena, const struct folder *folder, struct text *source, bool *is_package)
{
    static const char *const names[] = {".postgratorrc.json",
                                        ".postgratorrc.js",
                                        ".postgratorrc.cjs",
                                        ".postgratorrc.mjs",
                                        ".config/postgratorrc",
                                        ".config/postgratorrc.json",
                                        ".config/postgratorrc.js",
                                        "postgrator.config.js",
                                        "postgrator.config.cjs",
                                        "postgrator.config.mjs",
                                        NULL};
    size_t count = 0;
    *is_package = folder_read(arena, folder, "package.json", source) &&
                  property_pairs(arena, *source, (const char *const[]){"postgrator", NULL}, &count) != NULL;
    if (*is_package) {
        return "package.json";
    }
    const char *const name = folder_first_file(arena, folder, names);
    return name != NULL && folder_read(arena, folder, name, source) ? name : NULL;
}

/* The directories before the first wildcard: "db/steps" for "db/steps/00*.sql"; NULL: none. */
static const char *directory_of(struct arena *arena, const char *pattern)
{
    const size_t plain = strcspn(pattern, "*?[{");
    const char *const slash = memrchr(pattern, '/', plain);
    return slash == NULL || slash == pattern ? NULL : arena_strndup(arena, pattern, (size_t)(slash - pattern));
}

/* Notes which files in the directory the rest of the pattern takes: all, those of an ending, also those below it. What
 * else it may choose is a question. */
static void take_tail(struct arena *arena, struct folder *folder, const struct source_file *file, const char *pattern,
                      struct settings *settings)
{
    const char *tail = pattern + strcspn(pattern, "*?[{");
    folder->is_recursive = strncmp(tail, "**/", 3) == 0;
    tail += folder->is_recursive ? 3 : 0;
    settings->only_sql = strcmp(tail, "*.sql") == 0;
    const bool is_kind = strncmp(tail, "*.{", 3) == 0 && strchr(tail, '/') == NULL && strstr(tail, "sql") != NULL &&
                         strstr(tail, "js") != NULL;
    const bool begins = tail == pattern || tail[-1] == '/';
    if (*tail != '\0' &&
        (!begins || !(is_kind || settings->only_sql || strcmp(tail, "*") == 0 || strcmp(tail, "*.*") == 0))) {
        const size_t at = text_find(file->content, pattern, 0);
        unread_folder_because(
            arena, folder, *file, at == SIZE_MAX ? 0 : at,
            arena_printf(arena, "has the pattern %s: which files it takes, only postgrator knows", pattern));
    }
}

/* The version up to which its CLI goes (commands/migrate.js). */
static void note_target(struct arena *arena, struct folder *folder, const struct source_file *file, bool is_package)
{
    const char *const path[] = {is_package ? "postgrator" : "to", is_package ? "to" : NULL, NULL};
    const char *const value = property_string(arena, file->content, path);
    size_t from = 0;
    const size_t at = property_find(file->content, path, &from);
    if (at != SIZE_MAX && (value == NULL || strcmp(value, "max") != 0)) {
        folder->note = arena_printf(arena,
                                    "%s has a version to which postgrator goes and no further (to): a run here goes "
                                    "on, unless it has a target.",
                                    unread_place(arena, folder, *file, at));
    }
}

static bool postgrator_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    bool is_package;
    const char *const name = find_config(arena, folder, &source, &is_package);
    if (name == NULL) {
        return false;
    }
    const char *values[] = {"migrationPattern", "schemaTable", "newline", "currentSchema"};
    for (size_t i = 0; i < 4; i++) {
        const char *const path[] = {is_package ? "postgrator" : values[i], is_package ? values[i] : NULL, NULL};
        if (i == 0) {
            unread_folder(arena, folder, (struct source_file){name, source}, property_unread(source, path), values[i]);
        } else if (i != 2) {
            unread_ledger(arena, folder, (struct source_file){name, source}, property_unread(source, path), values[i]);
        }
        values[i] = property_string(arena, source, path);
    }
    const char *const directory = values[0] == NULL ? NULL : directory_of(arena, values[0]);
    folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
    configuration_set_table(arena, folder, values[1]);
    struct settings *const settings = arena_alloc(arena, sizeof *settings);
    *settings = (struct settings){.newline = values[2], .schema = values[3]};
    settings->is_cli =
        folder_depends_on(arena, folder, "postgrator-cli") || !folder_depends_on(arena, folder, "postgrator");
    note_target(arena, folder, &(const struct source_file){name, source}, is_package);
    settings->schema = settings->is_cli ? NULL : settings->schema;
    folder->ledger.schema = folder->ledger.schema != NULL ? folder->ledger.schema : settings->schema;
    if (values[0] != NULL) {
        take_tail(arena, folder, &(const struct source_file){name, source}, values[0], settings);
    }
    folder->settings = settings;
    folder->evidence = path_join(arena, folder->base, name);
    return true;
}

/* With all line endings changed to what the setting "newline" says. */
static struct text with_newlines(struct arena *arena, struct text content, const char *newline)
{
    struct buffer out = {.arena = arena};
    const char *const ending = strcmp(newline, "CRLF") == 0 ? "\r\n" : strcmp(newline, "CR") == 0 ? "\r" : "\n";
    buffer_reserve(&out, content.size);
    for (size_t i = 0; i < content.size; i++) {
        const bool is_pair = content.data[i] == '\r' && i + 1 < content.size && content.data[i + 1] == '\n';
        if (content.data[i] != '\r' && content.data[i] != '\n') {
            buffer_putc(&out, content.data[i]);
        } else if (!is_pair) {
            buffer_puts(&out, ending);
        }
    }
    return buffer_text(&out);
}

static const char *postgrator_checksum(struct arena *arena, const struct folder *folder,
                                       const struct migration_file *file, struct text content)
{
    const struct settings *const settings = folder->settings;
    (void)file;
    return digest_hex_of(arena, "MD5",
                         settings == NULL || settings->newline == NULL || settings->is_cli
                             ? content
                             : with_newlines(arena, content, settings->newline));
}

/* A program of the project's may follow the setting that the CLI passes over. */
static bool postgrator_checksum_matches(struct arena *arena, const struct folder *folder,
                                        const struct migration_file *file, const char *stored, struct text content)
{
    const struct settings *const settings = folder->settings;
    (void)file;
    return settings != NULL && settings->newline != NULL &&
           (strcmp(digest_hex_of(arena, "MD5", content), stored) == 0 ||
            strcmp(digest_hex_of(arena, "MD5", with_newlines(arena, content, settings->newline)), stored) == 0);
}

/* For a program there is no checksum; its own tool writes this. */
static const char *md5_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return record->file->is_code ? "undefined" : record->checksum;
}

static struct session_path search_path_of(const struct ledger *ledger)
{
    const struct settings *const settings = ledger->folder == NULL ? NULL : ledger->folder->settings;
    const char *const schema = settings == NULL ? NULL : settings->schema;
    return (struct session_path){schema == NULL ? PATH_STAYS : PATH_ALONE, schema};
}

/* The directory in the pattern that a program passes to it. */
static const char *pattern_at(struct arena *arena, const struct folder *folder, const struct source_file *file,
                              size_t at)
{
    return code_directory_behind(arena, folder, file, at, "migrationPattern");
}

#define NUMBERED "{number}.do."

const struct framework framework_postgrator = {
    .id = "postgrator",
    .display_name = "Postgrator",
    .tool = "postgrator",
    .sent = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({.table = "schemaversion",
                              .columns = "version:int8 name:text md5:text run_at:timestamptz",
                              .optional = "name md5 run_at"}),
            /* Row 0 stands for the table itself. A NULL checksum is not compared. */
            .read = "SELECT version::pg_catalog.text AS key, nullif(md5, 'undefined') AS checksum, "
                    "pg_catalog.concat(version, '.do.' OPERATOR(pg_catalog.||) name) AS name, run_at AS applied_at "
                    "FROM {ledger} WHERE version OPERATOR(pg_catalog.<>) 0 ORDER BY version",
            .create = "CREATE TABLE {ledger} (version BIGINT PRIMARY KEY);INSERT INTO {ledger} (version) VALUES (0);"
                      "ALTER TABLE {ledger} ADD COLUMN name pg_catalog.text;"
                      "ALTER TABLE {ledger} ADD COLUMN md5 pg_catalog.text;"
                      "ALTER TABLE {ledger} ADD COLUMN run_at TIMESTAMP WITH TIME ZONE;",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version, name, md5, run_at) VALUES ({key}, {title}, {md5}, {clock:ms});",
            .path = search_path_of,
            .words = (const struct ledger_word[]){{.name = "md5", .text = md5_of}, {0}},
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations", "src/migrations"),
            .sure_by = WORDS("{number}.do.*"),
            .files = FILES({.pattern = NUMBERED "{title}.sql"}, {.pattern = NUMBERED "sql"},
                           {.pattern = NUMBERED "{title}.{js|cjs|mjs}", .is_code = true},
                           {.pattern = NUMBERED "{js|cjs|mjs}", .is_code = true}),
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
        },
    .mentions = MENTIONS({.words = "--schema-table", .beside = "postgrator"},
                         {.words = "--migration-pattern|-m", .beside = "postgrator ", .part = MENTION_PATH},
                         {.words = "--config", .beside = "postgrator ", .part = MENTION_PATH},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "migrationPattern",
                          .beside = "postgrator|Postgrator",
                          .part = MENTION_PATH,
                          .path_at = pattern_at},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "schemaTable", .beside = "postgrator"}),
    .habits =
        {
            .late = LATE_SKIPPED,
            .late_note = "postgrator never runs it: it looks only for what is above the highest version.",
            .edited_blocks = true,
            .edited_note = "postgrator stops at it (\"MD5 checksum failed for migration\").",
            .missing_note = "postgrator says nothing of it.",
            .missing_counts = true,
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/postgrator", NULL},
            .run = (const char *const[]){"--host", "{host}", "--port", "{port}", "--username", "{user}", "--database",
                                         "{database}", NULL},
            .environment = (const char *const[]){"PGPASSWORD={password}", NULL},
        },
    .hooks = {.accept = postgrator_accept,
              .check_folder = postgrator_check_folder,
              .configure = postgrator_configure,
              .checksum = postgrator_checksum,
              .checksum_matches = postgrator_checksum_matches},
};
