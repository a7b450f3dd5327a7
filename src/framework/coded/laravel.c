/*
 * Laravel: classes in PHP, recorded by file names without the suffix, with a number for each run. Facts measured with
 * Laravel 8.83.
 */
#include "framework/coded/code.h"
#include "framework/core/mention.h"
#include "framework/core/package.h"
#include "framework/formats/config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DATABASES "config/database.php"

/* The settings of the connection to PostgreSQL that move its tables; offsets are in the whole file. */
static struct text connection_of(struct text source, size_t *at)
{
    const size_t start = text_find(source, "'pgsql' =>", 0);
    const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(source, "\n        ]", start);
    *at = start == SIZE_MAX ? source.size : start;
    return text_slice(source, 0, end);
}

/* Does a file of the package set the variable to a value other than this? */
static bool is_set_by(struct arena *arena, const struct folder *folder, const char *file, const char *variable,
                      const char *usual)
{
    static const char *const others[] = {"docker-compose", "compose.", "Dockerfile", "Procfile", NULL};
    const bool is_env = strncmp(file, ".env", 4) == 0 && strcmp(file, ".env.testing") != 0;
    size_t i = 0;
    while (others[i] != NULL && strncmp(file, others[i], strlen(others[i])) != 0) {
        i++;
    }
    struct text content;
    if (!is_env && others[i] == NULL) {
        return false;
    }
    if (!folder_read(arena, folder, file, &content)) {
        return folder_look(arena, folder, file) == FILE_REGULAR; /* it may set it */
    }
    const char *const value = config_value(arena, content, NULL, variable);
    return is_env ? (value != NULL && strcmp(value, usual) != 0) ||
                        config_unread(arena, content, NULL, variable) != SIZE_MAX
                  : text_find(content, variable, 0) != SIZE_MAX;
}

/* For env('NAME', 'usual'), the usual value counts if no file of the package sets the variable. */
static void take_usual(struct arena *arena, const struct folder *folder, const struct source_file *file,
                       struct mentioned *said)
{
    const size_t behind = said->at + strlen(said->word);
    const struct text line = text_slice(file->content, behind, text_find(file->content, "\n", behind));
    const char *const rest = arena_strndup(arena, line.data, line.size);
    char variable[64];
    char usual[64] = "";
    char end = '\0';
    const bool is_empty = sscanf(rest, "%*[\"'] => env( %*[\"']%63[A-Z0-9_]%*[\"'] , ''%c", variable, &end) == 2;
    if (said->kind != MENTION_COMPUTED ||
        (!is_empty && sscanf(rest, "%*[\"'] => env( %*[\"']%63[A-Z0-9_]%*[\"'] , %*[\"']%63[A-Za-z0-9_]%*[\"']%c",
                             variable, usual, &end) != 3) ||
        end != ')') {
        return;
    }
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    bool is_set = !directory_list(arena, path_join(arena, folder->root, folder->base), &list, &unread);
    for (size_t i = 0; i < list.count && !is_set; i++) {
        is_set = is_set_by(arena, folder, list.entries[i].name, variable, usual);
    }
    if (!is_set) {
        said->kind = usual[0] == '\0' ? MENTION_NOTHING : MENTION_LITERAL;
        said->value = arena_strdup(arena, usual);
    }
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
            take_usual(arena, folder, &file, &said);
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

/* The table is 'migrations' => 'x', since version 11 'migrations' => ['table' => 'x', …]. */
static void read_table(struct arena *arena, struct folder *folder, struct text source)
{
    static const struct mention mention = {.words = "migrations"};
    const struct source_file file = {DATABASES, source};
    struct mentioned said;
    size_t at = 0;
    folder->ledger.table = code_string(arena, source, "migrations");
    if (folder->ledger.table != NULL || !mention_next(arena, &mention, &file, &at, &said)) {
        return;
    }
    const bool is_computed = said.kind == MENTION_COMPUTED;
    take_usual(arena, folder, &file, &said);
    if (is_computed && said.kind == MENTION_LITERAL) {
        folder->ledger.table = said.value;
    } else if (said.kind != MENTION_NOTHING) {
        unread_ledger(arena, folder, file, said.at, "migrations");
    }
}

/* ---- packages ---- */

/* Does a provider of this package load the migrations that it brings? */
static bool loads_migrations(struct arena *arena, const struct folder *folder, const char *package)
{
    const char *const source = path_join(arena, package, "src");
    const char *const whole = path_join(arena, path_join(arena, folder->root, folder->base), source);
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    struct text content;
    bool does = false;
    if (folder_look(arena, folder, path_join(arena, package, "database/migrations")) != FILE_DIRECTORY ||
        !directory_list(arena, whole, &list, &unread)) {
        return false;
    }
    for (size_t i = 0; i < list.count && !does; i++) {
        const char *const name = list.entries[i].name;
        does = text_ends_with(text_of(name), "ServiceProvider.php") &&
               folder_read(arena, folder, path_join(arena, source, name), &content) &&
               text_find(content, "loadMigrationsFrom(", 0) != SIZE_MAX;
    }
    return does;
}

/* Artisan runs the migrations of packages as well, if their providers say so, perhaps on a condition. */
static void note_packages(struct arena *arena, struct folder *folder)
{
    const char *const vendor = path_join(arena, path_join(arena, folder->root, folder->base), "vendor");
    struct status unread = {.arena = arena};
    struct file_list makers = {0};
    struct buffer found = {.arena = arena};
    if (file_look(vendor, NULL) == FILE_DIRECTORY) {
        directory_list(arena, vendor, &makers, &unread);
    }
    for (size_t i = 0; i < makers.count; i++) {
        struct file_list packages = {0};
        if (makers.entries[i].is_directory) {
            directory_list(arena, path_join(arena, vendor, makers.entries[i].name), &packages, &unread);
        }
        for (size_t j = 0; j < packages.count; j++) {
            const char *const package =
                arena_printf(arena, "vendor/%s/%s", makers.entries[i].name, packages.entries[j].name);
            if (packages.entries[j].is_directory && loads_migrations(arena, folder, package)) {
                buffer_printf(&found, "%s%s", found.size == 0 ? "" : ", ", package);
            }
        }
    }
    if (found.size > 0 && folder->note == NULL) {
        folder->note = arena_printf(arena,
                                    "Packages bring migrations that artisan may run as well (%s), and which are not "
                                    "looked at here.",
                                    buffer_string(&found));
    }
}

/* Where no migration is recorded, artisan loads the dump that schema:dump has made, which may have the rows of files
 * that were deleted then (loadSchemaState of MigrateCommand.php). */
static void note_dump(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_first_file(
        arena, folder, WORDS("database/schema/pgsql-schema.dump", "database/schema/pgsql-schema.sql"));
    if (name != NULL) {
        folder->note =
            arena_printf(arena,
                         "Where no migration is recorded artisan loads %s first, which may record migrations "
                         "without a file here: marking some as applied keeps it from that.",
                         path_join(arena, folder->base, name));
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
    note_dump(arena, folder);
    note_packages(arena, folder);
    folder->evidence = path_join(arena, folder->base, "artisan");
    return true;
}

/* Is it the folder that artisan reads anyway? */
static bool is_usual_folder(struct text behind, struct text content)
{
    (void)content;
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
            .record = "INSERT INTO {ledger} (migration, batch) VALUES ({name}, {next:batch});",
        },
    .folder =
        {
            .places = WORDS("database/migrations"),
            .sure_by = WORDS("*.php: Illuminate\\Database\\Migrations\\Migration"),
            /* It searches for *_*.php. */
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "*_*.php", .is_code = true}),
        },
    .mentions = MENTIONS({.files = "*.php",
                          .words = "loadMigrationsFrom(",
                          .beside = "ServiceProvider",
                          .part = MENTION_FOLDER,
                          .is_usual = is_usual_folder},
                         {.files = "*.php", .words = "useDatabasePath(", .part = MENTION_FOLDER},
                         {.words = "--path", .beside = "artisan migrate", .part = MENTION_FOLDER}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "artisan runs it, after those that are applied already.",
            .missing_note = "artisan says nothing of it until a rollback looks for the file.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("php"),
            .run = WORDS("artisan", "migrate", "--force", "--no-interaction"),
            .run_one = WORDS("artisan", "migrate", "--force", "--no-interaction", "--path={file}"),
            .preview = WORDS("artisan", "migrate", "--pretend", "--force", "--no-interaction", "--path={file}"),
            /* As read in config/database.php; they take precedence over the project's .env. */
            .environment = WORDS("DB_CONNECTION=pgsql", "DB_URL={url}", "DB_HOST={host}", "DB_PORT={port}",
                                 "DB_DATABASE={database}", "DB_USERNAME={user}", "DB_PASSWORD={password}"),
        },
    .hooks = {.configure = laravel_configure},
};
