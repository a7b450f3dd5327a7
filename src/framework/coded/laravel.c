/*
 * Laravel: classes in PHP, recorded by file names without the ending, a number for each run. Facts seen with Laravel
 * 8.83.
 */
#include "framework/coded/code.h"
#include "framework/core/mention.h"

#include <stdint.h>
#include <string.h>

#define DATABASES "config/database.php"

/* What the connection to PostgreSQL says that moves its tables; offsets are those of the whole file. */
static struct text connection_of(struct text source, size_t *at)
{
    const size_t start = text_find(source, "'pgsql' =>", 0);
    const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(source, "\n        ]", start);
    *at = start == SIZE_MAX ? source.size : start;
    return text_slice(source, 0, end);
}

static void read_connection(struct arena *arena, struct folder *folder, struct text source)
{
    static const struct mention parts[] = {{.words = "prefix"},
                                           {.words = "search_path|schema", .part = MENTION_SCHEMA}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct source_file file = {.name = DATABASES};
        struct mentioned said;
        size_t at;
        file.content = connection_of(source, &at);
        while (mention_next(arena, &parts[i], &file, &at, &said)) {
            if (said.kind == MENTION_COMPUTED) {
                unread_ledger(arena, folder, file, said.at, said.word);
            } else if (said.kind == MENTION_LITERAL && parts[i].part == MENTION_SCHEMA) {
                folder->ledger.schema = arena_strndup(arena, said.value, strcspn(said.value, ", "));
            } else if (said.kind == MENTION_LITERAL) {
                folder->ledger.table = arena_printf(arena, "%s%s", said.value,
                                                    folder->ledger.table == NULL ? "migrations" : folder->ledger.table);
            }
        }
    }
}

/* The table is 'migrations' => 'x', since 11 'migrations' => ['table' => 'x', …]. */
static void read_table(struct arena *arena, struct folder *folder, struct text source)
{
    static const struct mention mention = {.words = "migrations"};
    const struct source_file file = {DATABASES, source};
    struct mentioned said;
    size_t at = 0;
    folder->ledger.table = code_string(arena, source, "migrations");
    if (folder->ledger.table == NULL && mention_next(arena, &mention, &file, &at, &said) &&
        said.kind != MENTION_NOTHING) {
        unread_ledger(arena, folder, file, said.at, "migrations");
    }
}

static bool laravel_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    if (folder_look(arena, folder, "artisan") != FILE_REGULAR) {
        return false;
    }
    if (folder_read(arena, folder, DATABASES, &source)) {
        read_table(arena, folder, source);
        read_connection(arena, folder, source);
    }
    folder->evidence = path_join(arena, folder->base, "artisan");
    return true;
}

/* Is it the folder that artisan reads anyway? */
static bool is_usual_folder(struct text behind)
{
    static const char *const usual[] = {"database_path('migrations'))", "database_path(\"migrations\"))",
                                        "base_path('database/migrations'))", "base_path(\"database/migrations\"))",
                                        NULL};
    size_t i = 0;
    while (usual[i] != NULL && !text_starts_with(text_trim(behind), usual[i])) {
        i++;
    }
    return usual[i] != NULL;
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
    .mentions = MENTIONS({.files = "*.php",
                          .words = "loadMigrationsFrom(",
                          .beside = "ServiceProvider",
                          .part = MENTION_FOLDER,
                          .is_usual = is_usual_folder},
                         {.words = "--path", .beside = "artisan migrate", .part = MENTION_FOLDER}),
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
