/*
 * Phinx, and CakePHP's Migrations, which are made of it: classes in PHP, recorded by the numbers of their files. Facts
 * read in Phinx 0.16.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"
#include "framework/formats/config.h"

#include <ctype.h>
#include <string.h>

/* ---- the folder ---- */

/* "20260105100000_create_users.php", or 14 digits alone. */
static bool phinx_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const size_t digits = leading_digits(text_of(name)).size;
    file->is_code = true;
    file->name = code_stem(arena, name, (const char *const[]){".php", NULL});
    return file->name != NULL && (name[digits] == '_' || digits == 14) && code_take_number(arena, name, file, warning);
}

static bool phinx_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                       struct status *status)
{
    const struct listing_rule rule = {.accept = phinx_accept, .compare = listing_by_version};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static bool phinx_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"phinx.php", "phinx.yml", "phinx.yaml", "phinx.json", NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL) {
        return false;
    }
    if (text_ends_with(text_of(name), "ml")) {
        const char *const path = config_yaml(arena, source, (const char *const[]){"paths", "migrations", NULL});
        folder->path = code_directory_at(arena, folder, name, path);
        folder->ledger.table =
            config_yaml(arena, source, (const char *const[]){"environments", "default_migration_table", NULL});
    } else {
        folder->path = code_directory(arena, folder, name, code_behind(source, "paths"), "migrations");
        folder->ledger.table = code_string(arena, source, "default_migration_table");
    }
    return true;
}

static const char cake_class[] = "use Migrations\\";

static bool is_migration(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".php") &&
           code_has(head, (const char *const[]){"Phinx\\Migration\\", cake_class, NULL});
}

static bool is_cake_migration(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".php") && text_find(head, cake_class, 0) != SIZE_MAX;
}

static const struct delegate cake_delegate = {
    .programs = (const char *const[]){"bin/cake", NULL},
    .run = (const char *const[]){"migrations", "migrate", NULL},
    .run_to = (const char *const[]){"migrations", "migrate", "--target", "{version}", NULL},
};

static bool phinx_recognise(struct arena *arena, struct folder *folder)
{
    if (!code_recognise(arena, folder, NULL, is_migration)) {
        return false;
    }
    if (!folder->configured && folder_any(arena, folder, is_cake_migration) != NULL) {
        folder->delegate = &cake_delegate;
    }
    return true;
}

/* ---- the ledger ---- */

/* Its times are PHP's, without a zone: UTC unless php.ini says other. */
static bool phinx_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading,
                            "SELECT version::text AS key, "
                            "coalesce(version || '_' || migration_name, version::text) AS name, "
                            "start_time AT TIME ZONE 'UTC' AS started_at, end_time AT TIME ZONE 'UTC' AS applied_at "
                            "FROM %t ORDER BY start_time, version");
}

static void phinx_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"version\" BIGINT NOT NULL, \"migration_name\" CHARACTER VARYING (100) NULL, "
                "\"start_time\" TIMESTAMP NULL, \"end_time\" TIMESTAMP NULL, "
                "\"breakpoint\" BOOLEAN NOT NULL DEFAULT FALSE, CONSTRAINT %i PRIMARY KEY (\"version\"));",
                arena_printf(sql->arena, "%s_pkey", ledger->table));
}

/* "CreateUsers" of 20260105100000_create_users; a file that is only digits has the class V20260105100000. */
static const char *class_of(struct arena *arena, const char *stem)
{
    struct buffer class = {.arena = arena};
    const char *const words = stem + strspn(stem, "0123456789");
    if (words[0] == '\0') {
        return arena_printf(arena, "V%s", stem);
    }
    for (const char *c = words; *c != '\0'; c++) {
        if (*c != '_') {
            buffer_putc(&class, c == words || c[-1] == '_' ? (char)toupper((unsigned char)*c) : *c);
        }
    }
    return buffer_string(&class);
}

/* As `phinx migrate --fake` does: both times are the same second. */
static void phinx_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (version, migration_name, start_time, end_time, breakpoint) "
                "SELECT %s, pg_catalog.substr(%s, 1, 100), clock, clock, false FROM "
                "pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() AT TIME ZONE 'UTC') AS clock;",
                record->key, class_of(sql->arena, record->file->name));
}

const struct framework framework_phinx = {
    .id = "phinx",
    .display_name = "Phinx",
    .tool = "phinx migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "phinxlog",
                .columns =
                    "version:int8 migration_name:varchar start_time:timestamp end_time:timestamp breakpoint:bool",
                .optional = "migration_name breakpoint",
                .only_columns = true,
                .by_shape = true,
            },
            {0},
        },
    .folder.places =
        (const char *const[]){"db/migrations", "migrations", "database/migrations", "config/Migrations", NULL},
    .hooks.configure = phinx_configure,
    .hooks.recognise = phinx_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "phinx runs it, behind those that are applied already.",
            .missing_note = "phinx goes on, and its status shows it as missing (exit 2).",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"vendor/bin/phinx", NULL},
            .run = (const char *const[]){"migrate", "--no-interaction", NULL},
            .run_to = (const char *const[]){"migrate", "--no-interaction", "--target", "{version}", NULL},
        },
    .hooks.list = phinx_list,
    .hooks.read_ledger = phinx_read,
    .hooks.put_create = phinx_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = phinx_record,
};
