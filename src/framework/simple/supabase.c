/*
 * Supabase: files numbered by time, recorded with the statements that were run. Facts measured with its CLI 3.1.0.
 */
#include "framework/core/configuration.h"
#include "framework/core/file_checksum.h"
#include "framework/core/file_rules.h"
#include "framework/core/framework.h"
#include "framework/core/listing.h"
#include "framework/core/package.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"
#include "pg/values.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

extern const struct framework framework_supabase;

/* Early versions made a first file for what was there before: "<14 digits>_init.sql" from before December 2021 is
 * passed over where it is the first entry (pkg/migration/list.go). */
static bool is_passed_over(struct arena *arena, const struct folder *folder, const struct migration_file *file)
{
    struct status ignored = {.arena = arena};
    struct file_list list = {0};
    return strcmp(file->title, "init") == 0 && strlen(file->version) == 14 &&
           strcmp(file->version, "20211209000000") < 0 &&
           directory_list(arena, path_join(arena, folder->root, folder->path), &list, &ignored) && list.count > 0 &&
           strcmp(list.entries[0].name, file->filename) == 0;
}

/* Where a version begins another one, older CLIs (2.48, written in Go) list files by their names, in which "_" is
 * behind the digits, and the rows by version: they take what is applied for missing. */
static void warn_of_beginnings(struct arena *arena, struct migration_files *files)
{
    for (size_t i = 1; i < files->count; i++) {
        const struct migration_file *const one = &files->items[i - 1];
        const struct migration_file *const other = &files->items[i];
        if (strcmp(one->version, other->version) != 0 &&
            strncmp(one->version, other->version, strlen(one->version)) == 0) {
            listing_warn(arena, files,
                         arena_printf(arena,
                                      "The version of %s begins with that of %s: older CLIs of Supabase (2.48) run it "
                                      "first, and stop once both are applied (\"Remote migration versions not found in "
                                      "local migrations directory\"). Give all versions 14 digits.",
                                      other->filename, one->filename));
            return;
        }
    }
}

static bool supabase_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                          struct status *status)
{
    if (!files_list(arena, folder, files, status)) {
        return false;
    }
    if (files->count > 0 && is_passed_over(arena, folder, &files->items[0])) {
        listing_warn(arena, files,
                     arena_printf(arena,
                                  "%s is passed over by supabase, as the first file of an early version: it runs only "
                                  "under another name than init.",
                                  files->items[0].filename));
        files->items++;
        files->count--;
    }
    warn_of_beginnings(arena, files);
    return true;
}

/* The statements as its CLI splits them: comments stay with the statement after them, semicolons and blanks at the ends
 * are removed. A script that the parser does not know stays in one piece. */
static size_t cut(struct arena *arena, struct text content, struct text **pieces)
{
    struct sql_split split;
    size_t count = 0;
    size_t from = 0;
    sql_split(arena, content, &split);
    *pieces = arena_array(arena, split.count + 1, sizeof **pieces);
    for (size_t i = 0; i < split.count; i++) {
        struct sql_lexer lexer = {.text = content, .offset = split.statements[i].end};
        struct sql_token token = sql_next(&lexer);
        const size_t end = token.kind == SQL_END ? split.statements[i].end : token.offset;
        (*pieces)[count++] = text_trim(text_slice(content, from, end));
        for (from = end; sql_is_symbol(&token, ';'); token = sql_next(&lexer)) {
            from = token.offset + 1;
        }
    }
    const struct text rest = text_trim(text_slice(content, from, content.size));
    if (rest.size > 0) {
        (*pieces)[count++] = rest;
    }
    return count;
}

static void put_statements(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    struct text *pieces;
    const size_t count = cut(sql->arena, record->script, &pieces);
    (void)ledger;
    buffer_puts(sql, "ARRAY[");
    for (size_t i = 0; i < count; i++) {
        buffer_puts(sql, i == 0 ? "" : ", ");
        pg_quote_literal(sql, pieces[i]);
    }
    buffer_puts(sql, "]::pg_catalog.text[]");
}

/* Supabase's tools split the same script into statements in different ways (its dashboard keeps it in one piece), so
 * blanks and semicolons do not count. The query that reads the ledger does the same with what that has. */
static const char *supabase_checksum(struct arena *arena, const struct folder *folder,
                                     const struct migration_file *file, struct text content)
{
    struct buffer rest = {.arena = arena};
    (void)folder;
    (void)file;
    buffer_reserve(&rest, content.size);
    for (size_t i = 0; i < content.size; i++) {
        if (content.data[i] == '\0' || strchr(" \t\n\v\f\r;", content.data[i]) == NULL) {
            buffer_putc(&rest, content.data[i]);
        }
    }
    return sha256_hex_of(arena, buffer_text(&rest));
}

static bool supabase_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                                   const char **checksum, struct status *status)
{
    const struct file_checksum how = {.digest = "SHA256", .without = " \t\n\v\f\r;"};
    (void)folder;
    return file_checksum(arena, &how, file->path, checksum, status);
}

static bool supabase_configure(struct arena *arena, struct folder *folder)
{
    const char *const name = framework_supabase.folder.configuration->files[0];
    struct text content;
    if (!configuration_read(arena, framework_supabase.folder.configuration, folder) ||
        !folder_read(arena, folder, name, &content)) {
        return false;
    }
    const char *const enabled = config_value(arena, content, "db.migrations", "enabled");
    if (enabled != NULL && strcmp(enabled, "false") == 0) {
        unread_folder_because(arena, folder, (struct source_file){name, content}, text_find(content, "enabled", 0),
                              "says that migrations are not enabled: supabase db push runs none");
    }
    return true;
}

const struct framework framework_supabase = {
    .id = "supabase",
    .display_name = "Supabase",
    .tool = "supabase db push",
    .drops_mark = true,
    .sent = SENT_IN_BATCHES,
    .ledger =
        {
            .shapes = SHAPES({.table = "schema_migrations",
                              .columns = "version:text statements:_text name:text",
                              .optional = "statements name"}),
            .schema = "supabase_migrations",
            .read = "SELECT version AS key, pg_catalog.concat(version, '_' OPERATOR(pg_catalog.||) name) AS name, "
                    "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(nullif(pg_catalog.translate("
                    "pg_catalog.array_to_string(statements, ''), E' \\t\\n\\x0b\\f\\r;', ''), ''), 'UTF8')), 'hex') AS "
                    "checksum FROM {ledger} ORDER BY version",
            .create = "CREATE TABLE {ledger} (version pg_catalog.text NOT NULL PRIMARY KEY);"
                      "ALTER TABLE {ledger} ADD COLUMN statements pg_catalog.text[];"
                      "ALTER TABLE {ledger} ADD COLUMN name pg_catalog.text;",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version, name, statements) VALUES ({key}, {title}, {statements});",
            .words = (const struct ledger_word[]){{.name = "statements", .sql = put_statements}, {0}},
        },
    .folder =
        {
            .places = WORDS("supabase/migrations"),
            .counts_before_it_exists = true,
            .configuration = &(const struct configuration){.files = WORDS("supabase/config.toml")},
            .sure_by = WORDS("in supabase/migrations"),
            .files = FILES({.pattern = "{number}_{title}.sql"},
                           /* supabase/cli#2063 */
                           {.pattern = "*.sql",
                            .passed_over = true,
                            .warning = "is passed over by supabase: its name does not begin with digits and _."}),
            .order = ORDER_OF_KEYS, /* as text: "10" is before "9" */
            .key = KEY_NUMBER_AS_WRITTEN,
            .makes = {"{utc:%Y%m%d%H%M%S}_{slug}.sql", ""},
        },
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "supabase db push stops at it unless it is started with --include-all.",
            .edited_note = "supabase never looks at the files of applied migrations.",
            .missing_blocks = true,
            .missing_note =
                "supabase db push stops at it (\"Remote migration versions not found in local migrations directory\").",
        },
    .hooks = {.configure = supabase_configure,
              .list = supabase_list,
              .checksum = supabase_checksum,
              .file_checksum = supabase_file_checksum},
};
