/*
 * Strapi: programs and SQL files in database/migrations, which it runs when it starts, recorded by their file names.
 * Its own migrations are in another table, which is none of ours. Facts read in @strapi/database (migrations/).
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"

/* ---- the folder ---- */

static bool strapi_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    file->is_code = !text_ends_with(text_of(name), ".sql");
    return code_stem(arena, name, (const char *const[]){".js", ".sql", NULL}) != NULL;
}

static bool strapi_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    return listing_read(arena, folder, &(struct listing_rule){.accept = strapi_accept}, files, status);
}

static bool is_migration(const char *name, bool is_directory, struct text head)
{
    (void)head;
    const struct text text = text_of(name);
    return !is_directory && (text_ends_with(text, ".js") || text_ends_with(text, ".sql"));
}

static bool strapi_recognise(struct arena *arena, struct folder *folder)
{
    return (folder_depends_on(arena, folder, "@strapi/strapi") || folder_depends_on(arena, folder, "strapi")) &&
           code_recognise(arena, folder, NULL, is_migration);
}

/* ---- the ledger ---- */

/* Its times are those of a JavaScript program, without a zone: UTC wherever that runs in a container. */
static bool strapi_read(struct ledger_reading *reading)
{
    return ledger_read_rows(
        reading, "SELECT name AS key, \"time\" AT TIME ZONE 'UTC' AS applied_at FROM %t ORDER BY \"time\", id");
}

/* Newer versions make the name unique, also afterwards. */
static void strapi_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "CREATE TABLE %t (\"id\" serial PRIMARY KEY, \"name\" varchar(255), \"time\" timestamp);");
}

static void strapi_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (name, \"time\") VALUES (%s, pg_catalog.date_trunc('milliseconds', "
                "pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'));",
                record->name);
}

const struct framework framework_strapi = {
    .id = "strapi",
    .display_name = "Strapi",
    .tool = "strapi start",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "strapi_migrations", .columns = "id:int4 name:varchar time:timestamp", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"database/migrations", NULL},
    .hooks.recognise = strapi_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "strapi runs it when it starts, behind those that are applied already.",
            .missing_note = "strapi says nothing of it.",
        },
    .hooks.list = strapi_list,
    .hooks.read_ledger = strapi_read,
    .hooks.put_create = strapi_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = strapi_record,
};
