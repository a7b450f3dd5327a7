/*
 * Laravel: classes in PHP, recorded by file names without the ending, a number for each run. Facts seen with Laravel
 * 8.83.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"

/* ---- the folder ---- */

/* It looks for *_*.php. */
static bool laravel_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    file->is_code = true;
    file->name = code_stem(arena, name, (const char *const[]){".php", NULL});
    return file->name != NULL && text_find(text_of(file->name), "_", 0) != SIZE_MAX;
}

static bool laravel_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                         struct status *status)
{
    const struct listing_rule rule = {.accept = laravel_accept, .compare = listing_by_name};
    return listing_read(arena, folder, &rule, files, status);
}

/* The table is 'migrations' => 'x', since 11 'migrations' => ['table' => 'x', …]. */
static bool laravel_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    if (folder_look(arena, folder, "artisan") != FILE_REGULAR) {
        return false;
    }
    if (folder_read(arena, folder, "config/database.php", &source)) {
        folder->ledger.table = code_string(arena, source, "migrations");
    }
    folder->evidence = path_join(arena, folder->base, "artisan");
    return true;
}

static bool is_migration(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".php") &&
           code_has(head, (const char *const[]){"Illuminate\\Database\\Migrations\\Migration", NULL});
}

static bool laravel_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, NULL, is_migration);
}

/* ---- the ledger ---- */

static bool laravel_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT migration AS key FROM %t ORDER BY id");
}

static void laravel_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"id\" serial PRIMARY KEY NOT NULL, \"migration\" varchar(255) NOT NULL, "
                "\"batch\" integer NOT NULL);");
}

static void laravel_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (migration, batch) VALUES (%s, "
                "(SELECT coalesce(pg_catalog.max(batch), 0) + 1 FROM %t));",
                record->name);
}

const struct framework framework_laravel = {
    .id = "laravel",
    .display_name = "Laravel",
    .tool = "php artisan migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "migrations", .columns = "id:int4 migration:varchar batch:int4", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"database/migrations", NULL},
    .hooks.configure = laravel_configure,
    .hooks.recognise = laravel_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "artisan runs it, behind those that are applied already.",
            .missing_note = "artisan says nothing of it until a rollback looks for the file.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"php", NULL},
            .run = (const char *const[]){"artisan", "migrate", "--force", "--no-interaction", NULL},
            .run_one =
                (const char *const[]){"artisan", "migrate", "--force", "--no-interaction", "--path={file}", NULL},
            .preview = (const char *const[]){"artisan", "migrate", "--pretend", "--force", "--no-interaction",
                                             "--path={file}", NULL},
            /* As its config/database.php reads them; what the project's .env says does not replace them. */
            .environment =
                (const char *const[]){"DB_CONNECTION=pgsql", "DB_URL={url}", "DB_HOST={host}", "DB_PORT={port}",
                                      "DB_DATABASE={database}", "DB_USERNAME={user}", "DB_PASSWORD={password}", NULL},
        },
    .hooks.list = laravel_list,
    .hooks.read_ledger = laravel_read,
    .hooks.put_create = laravel_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = laravel_record,
};
