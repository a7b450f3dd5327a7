/*
 * tern: files numbered from 1 without gaps, templates with the values of tern.conf, and a ledger of one row. Facts
 * measured with tern 2.4.
 */
#include "framework/core/configuration.h"
#include "framework/core/package.h"
#include "framework/core/script.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"

#include <stdint.h>
#include <string.h>

#define SEPARATOR  "---- create above / drop below ----"
#define DISABLE_TX "---- tern: disable-tx ----"

/* As its library has it (vaughan0/go-ini): quotes, and what stands behind the value, are the value's. The last one
 * counts. */
static const char *ini_value(struct arena *arena, struct text content, const char *section, const char *key)
{
    struct text value = {0};
    bool is_in = false;
    for (struct text line; text_next_line(&content, &line);) {
        line = text_trim(line);
        const size_t sign = text_find(line, "=", 0);
        if (text_starts_with(line, "[") && text_ends_with(line, "]")) {
            is_in = text_is(text_slice(line, 1, line.size - 1), section);
        } else if (is_in && sign != SIZE_MAX && line.data[0] != '#' && line.data[0] != ';' &&
                   text_is(text_trim(text_slice(line, 0, sign)), key)) {
            value = text_trim(text_slice(line, sign + 1, line.size));
        }
    }
    return value.size == 0 ? NULL : arena_strndup(arena, value.data, value.size);
}

/* The folder is where tern.conf is; its values fill the scripts. */
static bool tern_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    const char *const name =
        folder_first_file(arena, folder, WORDS("tern.conf", "migrations/tern.conf", "db/migrations/tern.conf"));
    if (name == NULL || !folder_read(arena, folder, name, &content)) {
        return false;
    }
    const char *const table = ini_value(arena, content, "database", "version_table");
    configuration_set_table(arena, folder, table);
    if (table != NULL && config_is_computed(table)) {
        unread_ledger(arena, folder, (struct source_file){name, content}, text_find(content, "version_table", 0),
                      "version_table");
    }
    folder->path = strchr(name, '/') == NULL ? NULL : path_join(arena, folder->base, path_above(arena, name));
    folder->settings = folder->evidence = path_join(arena, folder->base, name);
    return true;
}

/* {{.key}} out of [data]. The configuration is a template itself (appendConfigFromFile of main.go). */
static const char *value_of(void *data, struct arena *arena, struct text name)
{
    const struct text *const conf = data;
    name = text_trim(name);
    const char *const value = text_starts_with(name, ".")
                                  ? ini_value(arena, *conf, "data", arena_strndup(arena, name.data + 1, name.size - 1))
                                  : NULL;
    return value == NULL || strstr(value, "{{") != NULL ? NULL : value;
}

/* A whole line, which has no return (disableTxPattern of migrate.go). */
static bool disables_tx(struct text content)
{
    bool is_line = false;
    for (size_t at = 0; !is_line && (at = text_find(content, DISABLE_TX, at)) != SIZE_MAX;) {
        const bool begins = at == 0 || content.data[at - 1] == '\n';
        at += strlen(DISABLE_TX);
        is_line = begins && (at == content.size || content.data[at] == '\n');
    }
    return is_line;
}

/* Lines other than comments of "--" (LoadMigrations of migrate.go). */
static bool has_sql(struct text sql)
{
    for (struct text line; text_next_line(&sql, &line);) {
        line = text_trim(line);
        if (line.size > 0 && !text_starts_with(line, "--")) {
            return true;
        }
    }
    return false;
}

static bool tern_script(const struct script_request *request)
{
    struct text conf = {0};
    struct status unread = {.arena = request->arena};
    const struct script_placeholders values = {.open = "{{", .close = "}}", .find = value_of, .data = &conf};
    const size_t separator = text_find(request->content, SEPARATOR, 0);
    const size_t end = separator == SIZE_MAX ? request->content.size : separator;
    request->script->no_transaction = disables_tx(text_trim(text_slice(request->content, 0, end)));
    request->script->sql = script_keep(request->arena, request->content, 0, end);
    if (!has_sql(request->script->sql)) {
        return status_fail(
            request->status, STATUS_FAILED_PRECONDITION,
            "%s has no SQL above its separator: tern stops there with \"no sql in forward migration step\". A "
            "SELECT is enough.",
            request->file->filename);
    }
    if (text_find(request->script->sql, "{{", 0) == SIZE_MAX) {
        return true;
    }
    if (request->folder->settings != NULL) {
        file_read(request->arena, path_join(request->arena, request->folder->root, request->folder->settings),
                  1024 * 1024, &conf, &unread);
    }
    if (script_fill(request->arena, request->script->sql, &values, &request->script->sql, request->status)) {
        return true;
    }
    return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                       "%s: %s Only values of [data] in tern.conf ({{.name}}) are filled in here; run it with tern.",
                       request->file->filename, arena_strdup(request->arena, request->status->message));
}

const struct framework framework_tern = {
    .id = "tern",
    .display_name = "tern",
    .tool = "tern migrate",
    .sent_unwrapped = SENT_EACH,
    .ledger =
        {
            .shapes = SHAPES({.table = "schema_version", .columns = "version:int4", .only_columns = true}),
            .schema = "public",
            .records_in_order = true,
            .knows_only_last = true,
            .read = "SELECT version::pg_catalog.text AS key FROM {ledger} WHERE version OPERATOR(pg_catalog.>) 0 OR "
                    "(SELECT pg_catalog.count(*) FROM {ledger}) OPERATOR(pg_catalog.>) 1 ORDER BY version DESC LIMIT 2",
            .create = "CREATE TABLE {ledger} (version int not null primary key);"
                      "INSERT INTO {ledger} (version) VALUES (0);",
            .record = "UPDATE {ledger} SET version = {key};",
            .advisory_locks = KEYS(INT64_C(9628173550095224)),
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations", "."),
            .named_by = "go.mod: jackc/tern",
            .sure_by = WORDS("configured", "{number}*.sql: " SEPARATOR "|" DISABLE_TX,
                             "go.mod: jackc/tern & {number:1-9}_*.sql & !*.{up|down}.sql"),
            .files = FILES({.pattern = "*.{up|down}.sql", .passed_over = true}, {.pattern = "{number:1-9}_*.sql"}),
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .numbered_from_one = true,
            .makes = {"{next:3}_{slug}.sql",
                      "-- Write your migrate up statements here\n\n" SEPARATOR "\n\n-- Write your "
                      "migrate down statements here. If this migration is irreversible\n-- "
                      "Then delete the separator line above.\n"},
        },
    .mentions = MENTIONS(
        {.words = "?search_path|&search_path", .beside = "postgres", .part = MENTION_SCHEMA},
        {.words = "-m|--migrations|TERN_MIGRATIONS|TERN_CONFIG", .beside = "tern", .part = MENTION_PATH},
        {.words = "--version-table"}, {.files = "*.go", .words = "NewMigrator(", .beside = "jackc/tern", .argument = 2},
        {.files = "*.go", .words = "NewMigratorEx(", .beside = "jackc/tern", .argument = 2}),
    .habits =
        {
            .late = LATE_SKIPPED,
            .late_note = "tern never runs it: its tracking table knows only the last number.",
            .missing_blocks = true,
            .missing_note =
                "tern stops at it (\"current version … is outside the valid versions\"), and refuses numbers "
                "with gaps.",
        },
    .hooks = {.configure = tern_configure, .script = tern_script},
};
