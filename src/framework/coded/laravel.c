/*
 * Laravel: classes in PHP, recorded by file names without the ending, a number for each run. Facts seen with Laravel
 * 8.83.
 */
#include "framework/coded/code.h"

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

const struct framework framework_laravel = {
    .id = "laravel",
    .display_name = "Laravel",
    .tool = "php artisan migrate",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "migrations", .columns = "id:int4 migration:varchar batch:int4", .only_columns = true}),
            .read = "SELECT migration AS key FROM {ledger} ORDER BY id",
            .create = "CREATE TABLE {ledger} (\"id\" serial PRIMARY KEY NOT NULL, \"migration\" varchar(255) NOT NULL, "
                      "\"batch\" integer NOT NULL);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (migration, batch) VALUES ({name}, (SELECT "
                      "coalesce(pg_catalog.max(batch), 0) OPERATOR(pg_catalog.+) 1 FROM {ledger}));",
        },
    .folder =
        {
            .places = WORDS("database/migrations"),
            .sure_by = WORDS("*.php: Illuminate\\Database\\Migrations\\Migration"),
            /* It looks for *_*.php. */
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "*_*.php", .is_code = true}),
        },
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "artisan runs it, behind those that are applied already.",
            .missing_note = "artisan says nothing of it until a rollback looks for the file.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("php"),
            .run = WORDS("artisan", "migrate", "--force", "--no-interaction"),
            .run_one = WORDS("artisan", "migrate", "--force", "--no-interaction", "--path={file}"),
            .preview = WORDS("artisan", "migrate", "--pretend", "--force", "--no-interaction", "--path={file}"),
            /* As its config/database.php reads them; what the project's .env says does not replace them. */
            .environment = WORDS("DB_CONNECTION=pgsql", "DB_URL={url}", "DB_HOST={host}", "DB_PORT={port}",
                                 "DB_DATABASE={database}", "DB_USERNAME={user}", "DB_PASSWORD={password}"),
        },
    .hooks = {.configure = laravel_configure},
};
