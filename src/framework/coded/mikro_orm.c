/*
 * MikroORM: classes in files Migration<time>_<name>, recorded by their names without the suffix. Facts measured with
 * @mikro-orm/migrations 7.2.1 and 6.6.16.
 */
#include "framework/coded/code.h"
#include "framework/core/file_index.h"
#include "framework/core/package.h"
#include "framework/core/reading.h"
#include "framework/formats/properties.h"

#include <stdint.h>
#include <string.h>

/* tableName may be "schema.table"; the schema can also be an option of its own (MigrationStorage.ts). */
static void read_table(struct arena *arena, struct folder *folder, const char *file, struct text source)
{
    struct ledger *const ledger = &folder->ledger;
    const char *const name = code_ledger_name(arena, folder, file, source, WORDS("migrations", "tableName"));
    const char *const dot = name == NULL ? NULL : strchr(name, '.');
    ledger->table = dot == NULL ? name : dot + 1;
    const char *const schema = code_ledger_name(arena, folder, file, source, WORDS("migrations", "schema"));
    ledger->schema = schema != NULL ? schema : dot == NULL ? NULL : arena_strndup(arena, name, (size_t)(dot - name));
}

#define PACKAGE "package.json"

/* The first existing configuration that package.json names. If it names some and none exists (because a build makes
 * them), that is noted. */
static const char *config_of_package(struct arena *arena, struct folder *folder)
{
    static const char *const path[] = {"mikro-orm", "configPaths", NULL};
    struct source_file file = {.name = PACKAGE};
    size_t at = 0;
    const bool is_read = folder_read(arena, folder, PACKAGE, &file.content);
    const size_t value = is_read ? property_find(file.content, path, &at) : SIZE_MAX;
    const struct text rest = text_slice(file.content, value, value == SIZE_MAX ? value : file.content.size);
    const struct text list = text_slice(rest, 0, text_find(rest, "]", 0));
    for (size_t begin = 0; value != SIZE_MAX && (begin = text_find(list, "\"", begin)) != SIZE_MAX;) {
        const size_t end = text_find(list, "\"", begin + 1);
        const struct text said = text_slice(list, begin + 1, end);
        const char *const name = arena_strndup(arena, said.data, said.size);
        const char *const own = strncmp(name, "./", 2) == 0 ? name + 2 : name;
        if (folder_look(arena, folder, own) == FILE_REGULAR) {
            return own;
        }
        begin = end == SIZE_MAX ? list.size : end + 1;
    }
    unread_ledger_because(arena, folder, file, value, "names configPaths, and none of them exists");
    return NULL;
}

static const struct delegate medusa = {.programs = WORDS("node_modules/.bin/medusa"), .run = WORDS("db:migrate")};

/* A module of Medusa has no configuration: all modules, Medusa's and those of the project, share the usual table, and
 * Medusa's command runs them. */
static bool medusa_configure(struct arena *arena, struct folder *folder)
{
    static const bool shares_table = true;
    if (!folder_depends_on(arena, folder, "@medusajs/medusa") &&
        !folder_depends_on(arena, folder, "@medusajs/framework")) {
        return false;
    }
    folder->settings = &shares_table;
    folder->delegate = &medusa;
    folder->evidence = path_join(arena, folder->base, PACKAGE);
    return true;
}

/* Only ".js" and ".ts" are removed from a name (MigrationStorage.ts, getMigrationName). */
static bool mikro_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                         const char **warning)
{
    (void)folder;
    (void)warning;
    file->name =
        text_ends_with(text_of(file->filename), ".cjs") ? arena_printf(arena, "%s.cjs", file->name) : file->name;
    return true;
}

/* A pattern for files other than the usual ones is a question. */
static void note_glob(struct arena *arena, struct folder *folder, const struct source_file *file)
{
    const char *const *const path = WORDS("migrations", "glob");
    const char *const glob = property_string(arena, file->content, path);
    const bool is_usual = glob == NULL || strncmp(glob, "!(*.d).{", 8) == 0;
    size_t at = 0;
    const size_t value = property_find(file->content, path, &at);
    if (value != SIZE_MAX && !(glob != NULL && is_usual)) {
        unread_folder_because(arena, folder, *file, value,
                              "has its own glob: only mikro-orm knows which files are migrations");
    }
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
    const char *const said = config_of_package(arena, folder);
    const char *const name = code_config(arena, folder, said == NULL ? names : WORDS(said), &source);
    if (name == NULL) {
        folder->evidence = path_join(arena, folder->base, PACKAGE);
        return folder->unread_ledger != NULL || medusa_configure(arena, folder);
    }
    /* If there is a `pathTs`, then `path` is for the compiled files. */
    const char *const path = code_directory_of(arena, folder, &(const struct source_file){name, source},
                                               WORDS("migrations", "pathTs"), false);
    folder->path = path != NULL ? path
                                : code_directory_of(arena, folder, &(const struct source_file){name, source},
                                                    WORDS("migrations", "path"), false);
    read_table(arena, folder, name, source);
    note_glob(arena, folder, &(const struct source_file){name, source});
    return true;
}

extern const struct framework framework_mikro_orm;

/* Rows of other modules do not belong to files that are missing here. */
static bool mikro_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    struct file_index index = file_index_of(reading->arena, reading->files);
    const bool are_all = reading->folder == NULL || reading->folder->settings == NULL;
    size_t kept = 0;
    if (!ledger_read_facts(reading, &framework_mikro_orm.ledger)) {
        return false;
    }
    for (size_t i = 0; i < entries->count; i++) {
        if (are_all || file_index_find(&index, ledger_entry_key(&entries->items[i])) != NULL) {
            entries->items[kept++] = entries->items[i];
        }
    }
    entries->count = kept;
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
            /* Old rows have a suffix, which 7 removes too. */
            .read = "SELECT pg_catalog.regexp_replace(name, '[.][jt]s$', '') AS key, executed_at AS applied_at "
                    "FROM {ledger} ORDER BY id",
            /* As version 7 makes it; 6 works with it. */
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
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "*.d.{ts|js|cjs}", .passed_over = true},
                           {.pattern = "*.{ts|js|cjs}", .is_code = true}),
            .drops_twins = true,
        },
    .mentions = MENTIONS(
        {.words = "MIKRO_ORM_CLI_CONFIG|--config", .beside = "mikro-orm|MIKRO_ORM", .part = MENTION_PATH},
        {.words = "MIKRO_ORM_MIGRATIONS_TABLE_NAME", .beside = "MIKRO_ORM"},
        {.words = "MIKRO_ORM_SCHEMA", .beside = "MIKRO_ORM", .part = MENTION_SCHEMA},
        {.words = "MIKRO_ORM_MIGRATIONS_PATH|MIKRO_ORM_MIGRATIONS_PATH_TS",
         .beside = "MIKRO_ORM",
         .part = MENTION_PATH},
        {.files = "mikro-orm.config.*", .words = "schema", .part = MENTION_SCHEMA},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "tableName", .beside = "MikroORM.init|MikroOrmModule"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "mikro-orm runs it, after those that are applied already.",
            .missing_note = "mikro-orm says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .is_atomic = true,
            .programs = WORDS("node_modules/.bin/mikro-orm", "node_modules/.bin/mikro-orm-esm"),
            .run = WORDS("migration:up"),
            .run_to = WORDS("migration:up", "--to", "{name}"),
            .run_one = WORDS("migration:up", "--only", "{name}"),
        },
    .hooks = {.configure = mikro_configure, .accept = mikro_accept, .read_ledger = mikro_read},
};
