/*
 * Knex.js: programs in JavaScript or TypeScript, recorded by their file names in knex_migrations. Facts seen with knex
 * 3.3.0 on PostgreSQL 15 and read in its Migrator.js.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"
#include "framework/formats/properties.h"

/* ---- the folder ---- */

/* Its loadExtensions; neither .mjs nor .sql is among them. */
static const char *const endings[] = {".js", ".ts",   ".cjs",       ".co", ".coffee",
                                      ".eg", ".iced", ".litcoffee", ".ls", NULL};

static bool knex_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    file->is_code = true;
    return code_stem(arena, name, endings) != NULL;
}

static bool knex_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                      struct status *status)
{
    return listing_read(arena, folder, &(struct listing_rule){.accept = knex_accept}, files, status);
}

static bool knex_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"knexfile.js",    "knexfile.ts",     "knexfile.cjs",
                                        "knexfile.mjs",   "src/knexfile.js", "src/knexfile.ts",
                                        "db/knexfile.js", "db/knexfile.ts",  NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL) {
        return false;
    }
    /* Seeds have a directory as well. */
    folder->path = code_directory(arena, folder, name, code_behind(source, "migrations"), "directory");
    folder->ledger.table = property_string(arena, source, (const char *const[]){"migrations", "tableName", NULL});
    folder->ledger.schema = property_string(arena, source, (const char *const[]){"migrations", "schemaName", NULL});
    return true;
}

static bool is_script(const char *name)
{
    for (size_t i = 0; endings[i] != NULL; i++) {
        if (text_ends_with(text_of(name), endings[i])) {
            return true;
        }
    }
    return false;
}

static bool goes_up(const char *name, bool is_directory, struct text head)
{
    static const char *const words[] = {"exports.up", "function up", "const up", "up(", "up:", NULL};
    return !is_directory && is_script(name) && code_has(head, words);
}

static bool goes_up_with_knex(const char *name, bool is_directory, struct text head)
{
    static const char *const words[] = {"knex", "Knex", NULL};
    return goes_up(name, is_directory, head) && code_has(head, words);
}

/* A knexfile says it; without one, Strapi and Directus have such programs, too. */
static bool knex_recognise(struct arena *arena, struct folder *folder)
{
    if (folder->configured) {
        return code_recognise(arena, folder, NULL, goes_up);
    }
    return !folder_depends_on(arena, folder, "@strapi/strapi") && !folder_depends_on(arena, folder, "directus") &&
           text_find(text_of(folder->path), "extensions/", 0) == SIZE_MAX &&
           code_recognise(arena, folder, "knex", goes_up_with_knex);
}

/* ---- the ledger ---- */

/* Its lock is a table beside it, called after it. */
static struct ledger lock_of(struct arena *arena, const struct ledger *ledger)
{
    return (struct ledger){.schema = ledger->schema, .table = arena_printf(arena, "%s_lock", ledger->table)};
}

static bool knex_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT name AS key, migration_time AS applied_at FROM %t ORDER BY id");
}

static void knex_create(struct buffer *sql, const struct ledger *ledger)
{
    const struct ledger lock = lock_of(sql->arena, ledger);
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"id\" serial PRIMARY KEY, \"name\" varchar(255), \"batch\" integer, "
                "\"migration_time\" timestamptz);");
    ledger_putf(sql, &lock,
                "CREATE TABLE IF NOT EXISTS %t (\"index\" serial PRIMARY KEY, \"is_locked\" integer);"
                "INSERT INTO %t (is_locked) SELECT 0 WHERE NOT EXISTS (SELECT FROM %t);");
}

/* Runs statements of plpgsql unless somebody has dropped the lock's table; knex makes it again. */
static void put_on_lock(struct buffer *sql, const struct ledger *lock, const char *statements)
{
    struct buffer name = {.arena = sql->arena};
    struct buffer body = {.arena = sql->arena};
    ledger_put_name(&name, lock);
    ledger_putf(&body, lock, "BEGIN IF pg_catalog.to_regclass(%s) IS NOT NULL THEN %r END IF; END",
                buffer_string(&name), statements);
    ledger_putf(sql, lock, "DO %s;", buffer_string(&body));
}

/* A run of knex holds the row locked in its transaction, or, with a migration outside of transactions, is_locked set:
 * as a run that died does. */
static void knex_lock(struct buffer *sql, const struct ledger *ledger)
{
    const struct ledger lock = lock_of(sql->arena, ledger);
    struct buffer statements = {.arena = sql->arena};
    ledger_putf(&statements, &lock,
                "UPDATE %t SET is_locked = 1 WHERE is_locked = 0; "
                "IF NOT FOUND AND EXISTS (SELECT FROM %t WHERE is_locked <> 0) THEN "
                "RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = %s; END IF;",
                arena_printf(sql->arena,
                             "Knex.js is migrating, or a run of it died: is_locked is 1 in %s. If no run is going on, "
                             "free it by \"knex migrate:unlock\".",
                             lock.table));
    put_on_lock(sql, &lock, buffer_string(&statements));
}

static void knex_unlock(struct buffer *sql, const struct ledger *ledger)
{
    const struct ledger lock = lock_of(sql->arena, ledger);
    struct buffer statement = {.arena = sql->arena};
    ledger_putf(&statement, &lock, "UPDATE %t SET is_locked = 0;");
    put_on_lock(sql, &lock, buffer_string(&statement));
}

/* Each run is a batch. Its times are JavaScript's, of milliseconds. */
static void knex_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (name, batch, migration_time) VALUES (%s, "
                "(SELECT coalesce(pg_catalog.max(batch), 0) + 1 FROM %t), "
                "pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp()));",
                record->name);
}

const struct framework framework_knex = {
    .id = "knex",
    .display_name = "Knex.js",
    .tool = "knex migrate:latest",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "knex_migrations",
                .columns = "id:int4 name:varchar batch:int4 migration_time:timestamptz",
                .by_shape = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "db/migrations", "src/migrations", "src/db/migrations",
                                           "database/migrations", "src/database/migrations", NULL},
    .hooks.configure = knex_configure,
    .hooks.recognise = knex_recognise,
    .folder.counts_before_it_exists = true,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "knex runs it, behind those that are applied already.",
            .missing_blocks = true,
            .missing_note = "knex stops, whatever it is asked for: \"The migration directory is corrupt\".",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/knex", NULL},
            .run = (const char *const[]){"migrate:latest", NULL},
            .run_to = (const char *const[]){"migrate:to", "{name}", NULL}, /* since 3.3 */
            .run_one = (const char *const[]){"migrate:up", "{name}", NULL},
            .left_lock = "knex migrate:unlock",
        },
    .hooks.list = knex_list,
    .hooks.read_ledger = knex_read,
    .hooks.put_create = knex_create,
    .hooks.put_lock = knex_lock,
    .hooks.put_unlock = knex_unlock,
    .hooks.put_record = knex_record,
};
