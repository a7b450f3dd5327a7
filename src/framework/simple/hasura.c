/*
 * Hasura: directories with up.sql; versions in hdb_catalog.schema_migrations (configuration v2), or in the CLI's state
 * in hdb_catalog.hdb_version (v3). From the source of its CLI 2.x: it needs its server and was not run here.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"

#include <stdlib.h>
#include <string.h>

/* "1610000000000_create_users" is version 1610000000000. */
static bool hasura_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    (void)warning;
    file->key = file->version = arena_strndup(arena, digits.data == NULL ? "" : digits.data, digits.size);
    return digits.size > 0 && digits.size <= 18 && (name[digits.size] == '_' || name[digits.size] == '\0');
}

static bool hasura_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    const struct listing_rule rule = {
        .accept = hasura_accept, .compare = listing_by_version, .directories = true, .script = "up.sql"};
    return listing_read(arena, folder, &rule, files, status);
}

static bool is_migration(const char *name, bool is_directory, struct text head)
{
    (void)head;
    return is_directory && leading_digits(text_of(name)).size == 13;
}

/* Its configuration stands beside the folder, or one above where the folder is of one database. */
static bool hasura_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, is_migration);
    const bool is_configured = folder_look(arena, folder, "config.yaml") == FILE_REGULAR;
    if (name == NULL || !is_configured) {
        return false;
    }
    folder->confidence =
        folder_look(arena, folder, "metadata") == FILE_DIRECTORY ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    folder->evidence = arena_printf(arena, "config.yaml and %s", path_join(arena, folder->path, name));
    return true;
}

static bool hasura_script(struct arena *arena, const struct project *project, const struct folder *folder,
                          const struct migration_file *file, struct text content, struct migration_script *script,
                          struct status *status)
{
    struct text rest = content;
    struct text first;
    (void)arena;
    (void)project;
    (void)folder;
    (void)file;
    (void)status;
    script->sql = content;
    script->no_transaction = text_next_line(&rest, &first) && text_is(first, "-- hasura:no-transaction");
    return true;
}

/* ---- the ledger ---- */

static bool is_state(const struct ledger *ledger)
{
    return strcmp(ledger->table, "hdb_version") == 0;
}

/* The database that the folder is of: "default" in migrations/default. */
static const char *source_of(const struct folder *folder)
{
    const char *const slash = folder == NULL ? NULL : strrchr(folder->path, '/');
    return slash == NULL || strcmp(slash, "/migrations") == 0 ? "default" : slash + 1;
}

static bool hasura_read(struct ledger_reading *reading)
{
    struct buffer query = {.arena = reading->arena};
    if (!is_state(reading->ledger)) {
        return ledger_read_rows(reading,
                                "SELECT version::text AS key, CASE WHEN dirty THEN 'failed' END AS state FROM %t "
                                "ORDER BY version");
    }
    buffer_puts(&query, "SELECT key, CASE WHEN value = 'true' THEN 'failed' END AS state FROM %t, "
                        "pg_catalog.jsonb_each(coalesce(cli_state->'migrations'->");
    pg_quote_literal(&query, text_of(source_of(reading->folder)));
    buffer_puts(&query, ", '{}')) ORDER BY key");
    return ledger_read_rows(reading, buffer_string(&query));
}

static void hasura_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "CREATE TABLE %t (version bigint not null primary key, dirty boolean not null);");
}

static void put_version(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record, bool dirty)
{
    if (is_state(ledger)) {
        ledger_putf(
            sql, ledger,
            "UPDATE %t SET cli_state = pg_catalog.jsonb_set(pg_catalog.jsonb_set(pg_catalog.jsonb_set(cli_state, "
            "'{migrations}', coalesce(cli_state->'migrations', '{}')), ARRAY['migrations', %s], "
            "coalesce(cli_state->'migrations'->%s, '{}')), ARRAY['migrations', %s, %s], '%r');",
            source_of(record->folder), source_of(record->folder), source_of(record->folder), record->key,
            dirty ? "true" : "false");
        return;
    }
    ledger_putf(
        sql, ledger,
        "INSERT INTO %t (version, dirty) VALUES (%r, %r) ON CONFLICT (version) DO UPDATE SET dirty = excluded.dirty;",
        record->key, dirty ? "true" : "false");
}

static void hasura_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_version(sql, ledger, record, false);
}

static void hasura_start(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_version(sql, ledger, record, true);
}

static void hasura_forget(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    if (is_state(ledger)) {
        ledger_putf(sql, ledger, "UPDATE %t SET cli_state = cli_state #- ARRAY['migrations', %s, %s];",
                    source_of(record->folder), record->key);
    } else {
        ledger_putf(sql, ledger, "DELETE FROM %t WHERE version = %r;", record->key);
    }
}

const struct framework framework_hasura = {
    .id = "hasura",
    .display_name = "Hasura",
    .tool = "hasura migrate apply",
    .sent_unwrapped = SENT_WHOLE,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "hdb_version", .columns = "version:text cli_state:jsonb"},
            {.table = "schema_migrations",
             .columns = "version:int8 dirty:bool",
             .only_columns = true,
             .with = "hdb_version"},
            {0},
        },
    .ledger.schema = "hdb_catalog",
    .folder.places = (const char *const[]){"migrations/default", "migrations", "hasura/migrations/default",
                                           "hasura/migrations", NULL},
    .hooks.recognise = hasura_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "hasura runs it, behind those that are applied already.",
            .missing_note = "hasura shows it as present on the database only.",
        },
    .ledger.failed_entry_blocks = true,
    .ledger.failed_note = "hasura says that the migration is dirty",
    .hooks.list = hasura_list,
    .hooks.script = hasura_script,
    .hooks.read_ledger = hasura_read,
    .hooks.put_create = hasura_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = hasura_record,
    .hooks.put_start = hasura_start,
    .hooks.put_forget = hasura_forget,
    .hooks.put_mark_rolled_back = hasura_forget,
};
