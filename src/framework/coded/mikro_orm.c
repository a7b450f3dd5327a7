/*
 * MikroORM: classes in files Migration<time>_<name>, recorded by their names without the ending. Facts seen with
 * @mikro-orm/migrations 7.2.1 and 6.6.16.
 */
#include "framework/coded/code.h"

#include <string.h>

/* tableName may be "schema.table". */
static void read_table(struct arena *arena, struct folder *folder, const char *file, struct text source)
{
    struct ledger *const ledger = &folder->ledger;
    const char *const name = code_ledger_name(arena, folder, file, source, WORDS("migrations", "tableName"));
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
    const char *const path = code_directory_of(arena, folder, &(const struct source_file){name, source},
                                               WORDS("migrations", "pathTs"), false);
    folder->path = path != NULL ? path
                                : code_directory_of(arena, folder, &(const struct source_file){name, source},
                                                    WORDS("migrations", "path"), false);
    read_table(arena, folder, name, source);
    return true;
}

const struct framework framework_mikro_orm = {
    .id = "mikro-orm",
    .display_name = "MikroORM",
    .tool = "mikro-orm migration:up",
    .ledger =
        {
            .shapes =
                SHAPES({.table = "mikro_orm_migrations", .columns = "id:int4 name:varchar executed_at:timestamptz"}),
            /* Old rows have an ending, which 7 takes off as well. */
            .read = "SELECT pg_catalog.regexp_replace(name, '[.][cm]?[jt]s$', '') AS key, executed_at AS applied_at "
                    "FROM {ledger} ORDER BY id",
            /* As 7 makes it; 6 runs on it. */
            .create = "CREATE TABLE {ledger} (\"id\" serial PRIMARY KEY, \"name\" varchar(255) NOT NULL, "
                      "\"executed_at\" timestamptz(6) NOT NULL DEFAULT current_timestamp(6));",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (name) VALUES ({name});",
        },
    .folder =
        {
            .places =
                WORDS("migrations", "src/migrations", "db/migrations", "src/db/migrations", "src/database/migrations"),
            .sure_by = WORDS("*: @mikro-orm/migrations"),
            .files = FILES(SCRIPTS),
            .drops_twins = true,
        },
    .mentions = MENTIONS(
        {.files = "mikro-orm.config.*", .words = "schema", .part = MENTION_SCHEMA},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "tableName", .beside = "MikroORM.init|MikroOrmModule"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "mikro-orm runs it, behind those that are applied already.",
            .missing_note = "mikro-orm says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("node_modules/.bin/mikro-orm", "node_modules/.bin/mikro-orm-esm"),
            .run = WORDS("migration:up"),
            .run_to = WORDS("migration:up", "--to", "{name}"),
            .run_one = WORDS("migration:up", "--only", "{name}"),
        },
    .hooks = {.configure = mikro_configure},
};
