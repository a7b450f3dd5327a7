/*
 * Doctrine Migrations: classes in PHP, recorded by their full names (Blog\Migrations\Version20260105100000). Facts
 * measured with doctrine/migrations 3.5.5.
 */
#include "framework/coded/code.h"
#include "framework/core/configuration.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"

#include <ctype.h>
#include <string.h>

#define MOST_NAME 255 /* bytes of a namespace */

/* ---- the folder ---- */

static bool is_in_namespace(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '\\';
}

/* The namespace that the source declares, with a backslash at its end; "" for none. */
static const char *namespace_of(struct arena *arena, struct text source)
{
    const size_t at = code_find_word(source, "namespace", 0);
    const size_t start = at == SIZE_MAX ? source.size : code_skip_blanks(source, at);
    size_t end = start;
    while (end < source.size && is_in_namespace(source.data[end])) {
        end++;
    }
    return end == start || end - start > MOST_NAME
               ? ""
               : arena_printf(arena, "%.*s\\", (int)(end - start), source.data + start);
}

/* The class has the name of its file, in whatever directory that is. */
static bool doctrine_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                            const char **warning)
{
    struct status unread = {.arena = arena};
    struct text source = {NULL, 0};
    (void)folder;
    (void)warning;
    file_read(arena, file->path, MIGRATION_FILE_LIMIT, &source, &unread);
    file->key = file->version = arena_printf(arena, "%s%s", namespace_of(arena, source), file->name);
    return true;
}

/* Symfony has these commands in its own console, which knows the connection. */
static const struct delegate symfony_delegate = {
    .programs = WORDS("bin/console"),
    .run = WORDS("doctrine:migrations:migrate", "--no-interaction"),
    .run_to = WORDS("doctrine:migrations:migrate", "--no-interaction", "{version}"),
    .run_one = WORDS("doctrine:migrations:execute", "--no-interaction", "--up", "{version}"),
    .preview = WORDS("doctrine:migrations:execute", "--no-interaction", "--up", "{version}", "--dry-run", "-vv"),
};

/* Has the map after the setting, in PHP or JSON, a second key? */
static bool has_second_in_map(struct text setting)
{
    const bool is_php = text_find(setting, "=>", 0) != SIZE_MAX;
    const char *const sign = is_php ? "=>" : ":";
    const size_t start = text_find(setting, is_php ? "[" : "{", 0);
    const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(setting, is_php ? "]" : "}", start);
    const struct text map = end == SIZE_MAX ? (struct text){0} : text_slice(setting, start + 1, end);
    const size_t first = text_find(map, sign, 0);
    return first != SIZE_MAX && text_find(map, sign, first + 2) != SIZE_MAX;
}

/* The same for YAML: looks at the lines that are indented more than the setting. */
static bool has_second_in_lines(struct text setting, size_t indent)
{
    size_t count = 0;
    struct text line;
    text_next_line(&setting, &line);
    while (text_next_line(&setting, &line)) {
        const struct text word = text_trim(line);
        if (word.size == 0 || word.data[0] == '#') {
            continue;
        }
        if ((size_t)(word.data - line.data) <= indent) {
            break;
        }
        count++;
    }
    return count > 1;
}

/* The offset of the setting if it names several folders; else SIZE_MAX. */
static size_t several_paths(struct text source, bool is_yaml)
{
    const size_t at = text_find(source, "migrations_paths", 0);
    if (at == SIZE_MAX) {
        return SIZE_MAX;
    }
    size_t start = at;
    while (start > 0 && source.data[start - 1] == ' ') {
        start--;
    }
    const struct text setting = text_slice(source, at, source.size);
    const bool is_several = is_yaml ? has_second_in_lines(setting, at - start) : has_second_in_map(setting);
    return is_several ? at : SIZE_MAX;
}

/* A setting of the table (TableMetadataStorageConfiguration of 3.8). */
static const char *storage_value(struct arena *arena, struct text source, bool is_yaml, const char *key)
{
    return is_yaml ? config_yaml(arena, code_behind(source, "table_storage:"), WORDS("table_storage", key))
                   : code_string(arena, source, key);
}

/* Columns with other names are not read. */
static void note_columns(struct arena *arena, struct folder *folder, const struct source_file *file, bool is_yaml)
{
    static const char *const columns[][2] = {{"version_column_name", "version"},
                                             {"executed_at_column_name", "executed_at"},
                                             {"execution_time_column_name", "execution_time"}};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        const char *const name = storage_value(arena, file->content, is_yaml, columns[i][0]);
        if (name != NULL && strcmp(name, columns[i][1]) != 0) {
            unread_ledger_because(
                arena, folder, *file, text_find(file->content, columns[i][0], 0),
                arena_printf(arena, "calls the column %s of the tracking table %s, and only the usual name can be read",
                             columns[i][1], name));
        }
    }
}

static bool doctrine_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"config/packages/doctrine_migrations.yaml",
                                        "migrations.php",
                                        "migrations.yaml",
                                        "migrations.yml",
                                        "migrations.json",
                                        NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL || !code_has(source, WORDS("migrations_paths", "migrations_directory"))) {
        return false;
    }
    const bool is_yaml = text_ends_with(text_of(name), "ml");
    folder->path = code_directory(arena, folder, name, source, "migrations_paths");
    unread_folder_because(arena, folder, (struct source_file){name, source}, several_paths(source, is_yaml),
                          "names several migrations_paths, and only one can be read at a time");
    configuration_set_table(arena, folder, storage_value(arena, source, is_yaml, "table_name"));
    note_columns(arena, folder, &(const struct source_file){name, source}, is_yaml);
    folder->delegate = name == names[0] ? &symfony_delegate : NULL;
    return true;
}

const struct framework framework_doctrine = {
    .id = "doctrine",
    .display_name = "Doctrine Migrations",
    .tool = "doctrine-migrations migrate",
    .ledger =
        {
            .shapes = SHAPES({
                .table = "doctrine_migration_versions",
                .columns = "version:varchar executed_at:timestamp execution_time:int4",
                .optional = "executed_at execution_time",
                .only_columns = true,
                .by_shape = true,
            }),
            .older_table = "migration_versions", /* of versions 1 and 2, with only the numbers */
            /* Its times come from PHP without a zone: UTC, unless php.ini says otherwise. A migration that was only
             * marked has none. */
            .read = "SELECT version AS key, pg_catalog.timezone('UTC', executed_at) AS applied_at, "
                    "execution_time::pg_catalog.int8 AS duration_ms, executed_at IS NULL AS baseline FROM {ledger} "
                    "ORDER BY executed_at NULLS FIRST, version COLLATE \"C\"",
            /* If a column differs, it refuses to work at all. */
            .create = "CREATE TABLE {ledger} (version VARCHAR(191) NOT NULL, executed_at TIMESTAMP(0) WITHOUT TIME "
                      "ZONE DEFAULT NULL, execution_time INT DEFAULT NULL, PRIMARY KEY(version));",
            .lock = LOCK_LEDGER,
            /* The same as `migrations:version --add`. */
            .record = "INSERT INTO {ledger} (version) VALUES ({key});",
        },
    .folder =
        {
            .places =
                WORDS("migrations", "src/Migrations", "app/DoctrineMigrations", "db/migrations", "database/migrations"),
            .sure_by = WORDS(
                "Version*.php: Doctrine\\Migrations\\AbstractMigration|Doctrine\\DBAL\\Migrations\\AbstractMigration",
                "composer.json: doctrine/doctrine-migrations|doctrine/migrations & Version{number}*.php: extends"),
            .files = FILES({.pattern = "Version*.php", .is_code = true}),
            .recursive = true,
            .key = KEY_OF_HOOK,
            .order = ORDER_OF_KEYS,
        },
    .mentions = MENTIONS({.words = "--configuration", .beside = "migrations:", .part = MENTION_PATH},
                         {.files = "*.php *.yaml *.yml *.json", .words = "table_name", .beside = "table_storage"},
                         {.files = "migrations.xml", .words = "table-name", .beside = "table-storage"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "doctrine-migrations runs it, after those that are applied already.",
            .missing_note = "doctrine-migrations warns of a migration that is not registered, and asks on a terminal.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("vendor/bin/doctrine-migrations", "bin/doctrine-migrations"),
            .run = WORDS("migrations:migrate", "--no-interaction"),
            .run_to = WORDS("migrations:migrate", "--no-interaction", "{version}"),
            .run_one = WORDS("migrations:execute", "--no-interaction", "--up", "{version}"),
            .preview = WORDS("migrations:execute", "--no-interaction", "--up", "{version}", "--dry-run", "-vv"),
        },
    .hooks = {.configure = doctrine_configure, .accept = doctrine_accept},
};
