/*
 * Doctrine Migrations: classes in PHP, recorded by their full names (Blog\Migrations\Version20260105100000). Facts seen
 * with doctrine/migrations 3.5.5.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"
#include "framework/formats/config.h"

#include <ctype.h>
#include <string.h>

#define MOST_NAME 255 /* bytes of a namespace */

/* ---- the folder ---- */

static bool is_in_namespace(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '\\';
}

/* The namespace that the source declares, with the backslash behind it; "" for none. */
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

/* Version*.php; the class is called like the file. */
static bool doctrine_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    struct status unread = {.arena = arena};
    struct text source = {NULL, 0};
    const char *const slash = strrchr(name, '/');
    (void)warning;
    file->is_code = true;
    file->name = code_stem(arena, slash == NULL ? name : slash + 1, (const char *const[]){".php", NULL});
    if (file->name == NULL || !text_starts_with(text_of(file->name), "Version")) {
        return false;
    }
    file_read(arena, file->path, MIGRATION_FILE_LIMIT, &source, &unread);
    file->version = arena_printf(arena, "%s%s", namespace_of(arena, source), file->name);
    file->key = file->version;
    return true;
}

static int by_full_name(const struct migration_file *a, const struct migration_file *b)
{
    return strcmp(a->key, b->key);
}

static bool doctrine_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                          struct status *status)
{
    const struct listing_rule rule = {.accept = doctrine_accept, .compare = by_full_name, .recursive = true};
    return listing_read(arena, folder, &rule, files, status);
}

/* Symfony has the commands in its own console, which knows the connection. */
static const struct delegate symfony_delegate = {
    .programs = (const char *const[]){"bin/console", NULL},
    .run = (const char *const[]){"doctrine:migrations:migrate", "--no-interaction", NULL},
    .run_to = (const char *const[]){"doctrine:migrations:migrate", "--no-interaction", "{version}", NULL},
    .run_one = (const char *const[]){"doctrine:migrations:execute", "--no-interaction", "--up", "{version}", NULL},
    .preview = (const char *const[]){"doctrine:migrations:execute", "--no-interaction", "--up", "{version}",
                                     "--dry-run", "-vv", NULL},
};

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
    if (name == NULL || !code_has(source, (const char *const[]){"migrations_paths", "migrations_directory", NULL})) {
        return false;
    }
    const bool is_yaml = text_ends_with(text_of(name), "ml");
    folder->path = code_directory(arena, folder, name, source, "migrations_paths");
    folder->ledger.table = is_yaml ? config_yaml(arena, code_behind(source, "table_storage:"),
                                                 (const char *const[]){"table_storage", "table_name", NULL})
                                   : code_string(arena, source, "table_name");
    folder->delegate = name == names[0] ? &symfony_delegate : NULL;
    return true;
}

static bool is_migration(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".php") &&
           code_has(head, (const char *const[]){"Doctrine\\Migrations\\AbstractMigration",
                                                "Doctrine\\DBAL\\Migrations\\AbstractMigration", NULL});
}

static bool doctrine_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, NULL, is_migration);
}

/* ---- the ledger ---- */

/* Its times are PHP's, without a zone: UTC unless php.ini says other. What was only marked has none. */
static bool doctrine_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT version AS key, executed_at AT TIME ZONE 'UTC' AS applied_at, "
                                     "execution_time::int8 AS duration_ms, executed_at IS NULL AS baseline FROM %t "
                                     "ORDER BY executed_at NULLS FIRST, version COLLATE \"C\"");
}

/* Where a column differs it refuses to work at all. */
static void doctrine_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (version VARCHAR(191) NOT NULL, executed_at TIMESTAMP(0) WITHOUT TIME ZONE "
                "DEFAULT NULL, execution_time INT DEFAULT NULL, PRIMARY KEY(version));");
}

/* As `migrations:version --add` does. */
static void doctrine_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (version) VALUES (%s);", record->key);
}

const struct framework framework_doctrine = {
    .id = "doctrine",
    .display_name = "Doctrine Migrations",
    .tool = "doctrine-migrations migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "doctrine_migration_versions",
                .columns = "version:varchar executed_at:timestamp execution_time:int4",
                .optional = "executed_at execution_time",
                .only_columns = true,
                .by_shape = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "src/Migrations", "app/DoctrineMigrations", "db/migrations",
                                           "database/migrations", NULL},
    .hooks.configure = doctrine_configure,
    .hooks.recognise = doctrine_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "doctrine-migrations runs it, behind those that are applied already.",
            .missing_note = "doctrine-migrations warns of a migration that is not registered, and asks on a terminal.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"vendor/bin/doctrine-migrations", "bin/doctrine-migrations", NULL},
            .run = (const char *const[]){"migrations:migrate", "--no-interaction", NULL},
            .run_to = (const char *const[]){"migrations:migrate", "--no-interaction", "{version}", NULL},
            .run_one = (const char *const[]){"migrations:execute", "--no-interaction", "--up", "{version}", NULL},
            .preview = (const char *const[]){"migrations:execute", "--no-interaction", "--up", "{version}", "--dry-run",
                                             "-vv", NULL},
        },
    .hooks.list = doctrine_list,
    .hooks.read_ledger = doctrine_read,
    .hooks.put_create = doctrine_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = doctrine_record,
};
