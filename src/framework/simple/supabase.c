/*
 * Supabase: files numbered by time, recorded with the statements that were run. Facts seen with its CLI 3.1.0.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

/* ---- the folder ---- */

/* ^\d{14}_name.sql; others are passed over by its CLI (supabase/cli#2063). */
static bool supabase_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    const bool is_sql = text_ends_with(text_of(name), ".sql");
    if (digits.size != 14 || name[14] != '_' || !is_sql) {
        if (is_sql) {
            *warning = arena_printf(
                arena, "%s is passed over by supabase: its name does not begin with 14 digits and _.", name);
        }
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(".sql"));
    file->key = file->version = arena_strndup(arena, name, 14);
    file->own = arena_strndup(arena, name + 15, strlen(name) - 15 - strlen(".sql"));
    return true;
}

static bool supabase_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                          struct status *status)
{
    if (!listing_read(arena, folder, &(struct listing_rule){.accept = supabase_accept}, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static bool supabase_configure(struct arena *arena, struct folder *folder)
{
    if (folder_look(arena, folder, "supabase/config.toml") != FILE_REGULAR) {
        return false;
    }
    folder->path = path_join(arena, folder->base, "supabase/migrations");
    folder->evidence = path_join(arena, folder->base, "supabase/config.toml");
    folder->confidence = CONFIDENCE_CERTAIN;
    return true;
}

static bool supabase_recognise(struct arena *arena, struct folder *folder)
{
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = folder->evidence != NULL ? folder->evidence : arena_printf(arena, "the folder %s", folder->path);
    return text_ends_with(text_of(folder->path), "supabase/migrations");
}

static bool supabase_create_migration(struct arena *arena, const struct folder *folder, const char *name,
                                      int64_t wall_us, const char **migration, const char **file, const char **content,
                                      struct status *status)
{
    (void)folder;
    *content = "";
    return name_with_time(arena, name, wall_us, '_', ".sql", migration, file, status);
}

/* ---- statements ---- */

/* The statements as its CLI cuts them: comments stay in front of the statement that they are before, semicolons and
 * blanks at the ends go. A script that the parser does not know stays in one piece. */
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

/* Tools of Supabase cut the same script into statements in several ways (its dashboard keeps it in one piece): blanks
 * and semicolons do not count. supabase_read's query does the same with what the ledger has. */
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

/* ---- the ledger ---- */

static bool supabase_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT version AS key, version || coalesce('_' || name, '') AS name, "
                                     "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to("
                                     "nullif(pg_catalog.translate(pg_catalog.array_to_string(statements, ''), "
                                     "E' \\t\\n\\x0b\\f\\r;', ''), ''), 'UTF8')), 'hex') AS checksum "
                                     "FROM %t ORDER BY version");
}

static void supabase_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (version text NOT NULL PRIMARY KEY);ALTER TABLE %t ADD COLUMN statements text[];"
                "ALTER TABLE %t ADD COLUMN name text;");
}

static void supabase_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    struct text *pieces;
    struct arena *const arena = sql->arena;
    const size_t count = cut(arena, record->script, &pieces);
    ledger_putf(sql, ledger, "INSERT INTO %t (version, name, statements) VALUES (%s, %s, ARRAY[", record->key,
                (const char *)record->file->own);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(sql, i == 0 ? "" : ", ");
        pg_quote_literal(sql, pieces[i]);
    }
    buffer_puts(sql, "]::text[]);");
}

const struct framework framework_supabase = {
    .id = "supabase",
    .display_name = "Supabase",
    .tool = "supabase db push",
    .sent = SENT_WHOLE,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "schema_migrations", .columns = "version:text statements:_text name:text"},
            {0},
        },
    .ledger.schema = "supabase_migrations",
    .folder.places = (const char *const[]){"supabase/migrations", NULL},
    .hooks.configure = supabase_configure,
    .hooks.recognise = supabase_recognise,
    .folder.counts_before_it_exists = true,

    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "supabase db push stops at it unless it is started with --include-all.",
            .edited_note = "supabase never looks at the files of applied migrations.",
            .missing_blocks = true,
            .missing_note =
                "supabase db push stops at it (\"Remote migration versions not found in local migrations directory\").",
        },
    .hooks.list = supabase_list,
    .hooks.checksum = supabase_checksum,
    .hooks.read_ledger = supabase_read,
    .hooks.put_create = supabase_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = supabase_record,
    .hooks.create_migration = supabase_create_migration,
};
