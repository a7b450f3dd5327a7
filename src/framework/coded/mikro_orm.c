/*
 * MikroORM: classes in files Migration<time>_<name>, recorded by their names without the ending. Facts seen with
 * @mikro-orm/migrations 7.2.1 and 6.6.16.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"
#include "framework/formats/properties.h"

#include <string.h>

/* ---- the folder ---- */

static bool mikro_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    file->is_code = true;
    file->name = code_stem(arena, name, code_script_endings);
    return file->name != NULL;
}

static bool mikro_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                       struct status *status)
{
    const struct listing_rule rule = {.accept = mikro_accept, .compare = listing_by_name};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    code_drop_twins(files);
    return true;
}

/* tableName may be "schema.table". */
static void read_table(struct arena *arena, struct text source, struct ledger *ledger)
{
    const char *const name = property_string(arena, source, (const char *const[]){"migrations", "tableName", NULL});
    const char *const dot = name == NULL ? NULL : strchr(name, '.');
    ledger->table = dot == NULL ? name : dot + 1;
    ledger->schema = dot == NULL ? NULL : arena_strndup(arena, name, (size_t)(dot - name));
}

static bool mikro_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"mikro-orm.config.ts",
                                        "mikro-orm.config.js",
                                        "mikro-orm.config.mjs",
                                        "mikro-orm.config.cjs",
                                        "src/mikro-orm.config.ts",
                                        "src/mikro-orm.config.js",
                                        NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL) {
        return false;
    }
    /* `path` is that of the compiled ones where there is a `pathTs`. */
    const struct text migrations = code_behind(source, "migrations:");
    const char *const path = code_directory(arena, folder, name, migrations, "pathTs");
    folder->path = path != NULL ? path : code_directory(arena, folder, name, migrations, "path");
    read_table(arena, source, &folder->ledger);
    return true;
}

static bool uses_mikro_orm(const char *name, bool is_directory, struct text head)
{
    (void)name;
    return !is_directory && code_has(head, (const char *const[]){"@mikro-orm/migrations", NULL});
}

static bool mikro_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, NULL, uses_mikro_orm);
}

/* ---- the ledger ---- */

/* Old rows have an ending, which 7 takes off as well. */
static bool mikro_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT pg_catalog.regexp_replace(name, '[.][cm]?[jt]s$', '') AS key, "
                                     "executed_at AS applied_at FROM %t ORDER BY id");
}

/* As 7 makes it; 6 runs on it. */
static void mikro_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"id\" serial PRIMARY KEY, \"name\" varchar(255) NOT NULL, "
                "\"executed_at\" timestamptz(6) NOT NULL DEFAULT current_timestamp(6));");
}

static void mikro_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (name) VALUES (%s);", record->name);
}

const struct framework framework_mikro_orm = {
    .id = "mikro-orm",
    .display_name = "MikroORM",
    .tool = "mikro-orm migration:up",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "mikro_orm_migrations", .columns = "id:int4 name:varchar executed_at:timestamptz"},
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "src/migrations", "db/migrations", "src/db/migrations",
                                           "src/database/migrations", NULL},
    .hooks.configure = mikro_configure,
    .hooks.recognise = mikro_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "mikro-orm runs it, behind those that are applied already.",
            .missing_note = "mikro-orm says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/mikro-orm", "node_modules/.bin/mikro-orm-esm", NULL},
            .run = (const char *const[]){"migration:up", NULL},
            .run_to = (const char *const[]){"migration:up", "--to", "{name}", NULL},
            .run_one = (const char *const[]){"migration:up", "--only", "{name}", NULL},
        },
    .hooks.list = mikro_list,
    .hooks.read_ledger = mikro_read,
    .hooks.put_create = mikro_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = mikro_record,
};
