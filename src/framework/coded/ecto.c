/*
 * Ecto: modules in Elixir, recorded by the numbers of their files. Facts seen with ecto_sql 3.11.3. Other frameworks
 * call their ledgers schema_migrations as well; its columns are Ecto's alone.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"

/* ---- the folder ---- */

/* "20260105100000_create_users.exs", also in directories below. */
static bool ecto_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    return code_accept_numbered(arena, name, ".exs", file, warning);
}

static bool ecto_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                      struct status *status)
{
    const struct listing_rule rule = {.accept = ecto_accept, .compare = listing_by_version, .recursive = true};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static bool ecto_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    if (code_config(arena, folder, (const char *const[]){"mix.exs", NULL}, &source) == NULL ||
        !code_has(source, (const char *const[]){":ecto_sql", ":phoenix_ecto", NULL})) {
        return false;
    }
    if (folder_read(arena, folder, "config/config.exs", &source)) {
        folder->ledger.table = code_string(arena, source, "migration_source");
        folder->ledger.schema = code_string(arena, source, "migration_default_prefix");
    }
    return true;
}

static bool is_migration(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".exs") &&
           code_has(head, (const char *const[]){"use Ecto.Migration", NULL});
}

static bool ecto_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, NULL, is_migration);
}

/* ---- the ledger ---- */

static bool ecto_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading,
                            "SELECT version::text AS key, inserted_at AT TIME ZONE 'UTC' AS applied_at FROM %t "
                            "ORDER BY inserted_at, version");
}

static void ecto_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"version\" bigint, \"inserted_at\" timestamp(0), PRIMARY KEY (\"version\"));");
}

/* Held by its migrator, on a second connection, while a migration runs. */
static void ecto_lock(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "LOCK TABLE %t IN SHARE UPDATE EXCLUSIVE MODE;");
}

static void ecto_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (version, inserted_at) VALUES (%s, pg_catalog.date_trunc('second', "
                "pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'));",
                record->key);
}

const struct framework framework_ecto = {
    .id = "ecto",
    .display_name = "Ecto",
    .tool = "mix ecto.migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "schema_migrations", .columns = "version:int8 inserted_at:timestamp", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"priv/repo/migrations", NULL},
    .hooks.configure = ecto_configure,
    .hooks.recognise = ecto_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "ecto.migrate runs it, with a warning; with --strict-version-order it stops.",
            .missing_note = "ecto.migrate goes on, and ecto.migrations shows it as \"** FILE NOT FOUND **\".",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"mix", NULL},
            .run = (const char *const[]){"ecto.migrate", NULL},
            .run_to = (const char *const[]){"ecto.migrate", "--to", "{version}", NULL},
        },
    .hooks.list = ecto_list,
    .hooks.read_ledger = ecto_read,
    .hooks.put_create = ecto_create,
    .hooks.put_lock = ecto_lock,
    .hooks.put_record = ecto_record,
};
