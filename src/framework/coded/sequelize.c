/*
 * Sequelize, with sequelize-cli or with umzug and SequelizeStorage: programs recorded by their file names in
 * "SequelizeMeta". Facts measured with sequelize 6.37.8, sequelize-cli 6.6.5 and umzug 3.8.3.
 */
#include "framework/coded/code.h"

#include <stdint.h>
#include <string.h>

/* The settings of the connections. Files with these names are common, so they must mention a dialect. */
static bool read_connections(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {
        "config/config.js",     "config/config.json",     "config/config.cjs",      "config/database.js",
        "src/config/config.js", "src/config/config.json", "src/config/database.js", NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL || !code_has(source, WORDS("dialect"))) {
        return false;
    }
    folder->ledger.table = code_ledger_name(arena, folder, name, source, WORDS("migrationStorageTableName"));
    folder->ledger.schema = code_ledger_name(arena, folder, name, source, WORDS("migrationStorageTableSchema"));
    const char *const storage = code_string(arena, source, "migrationStorage");
    if (storage != NULL && strcmp(storage, "sequelize") != 0) {
        unread_ledger_because(
            arena, folder, (struct source_file){name, source}, text_find(source, "migrationStorage", 0),
            arena_printf(arena, "has migrationStorage %s: what is applied is not in the database", storage));
    }
    return true;
}

/* yargs takes options with dashes and in camel case. */
#define MIGRATES "sequelize db:migrate|sequelize-cli db:migrate"
static const struct mention options_flag = {.words = "--options-path|--optionsPath", .beside = MIGRATES};
static const struct mention path_flag = {.words = "--migrations-path|--migrationsPath", .beside = MIGRATES};

/* What a file of options says: .sequelizerc, or the one that the scripts of package.json name instead. Returns the name
 * of the file; NULL: there is none. */
static const char *read_options(struct arena *arena, struct folder *folder)
{
    struct text source;
    const char *const told = code_flag(arena, folder, &options_flag, MIGRATES);
    const char *const name = code_config(arena, folder, WORDS(told == NULL ? ".sequelizerc" : told), &source);
    if (name == NULL) {
        return NULL;
    }
    folder->path = code_directory(arena, folder, name, source, "migrations-path");
    if (folder->path == NULL && folder->unread == NULL) {
        folder->path = code_directory(arena, folder, name, source, "migrationsPath");
    }
    if (folder->path == NULL) {
        code_note_elsewhere(arena, folder, &(const struct source_file){name, source},
                            WORDS("config", "migrations-path", "models-path", "seeders-path"), 1);
    }
    return name;
}

static bool sequelize_configure(struct arena *arena, struct folder *folder)
{
    const bool connects = read_connections(arena, folder);
    const char *const name = read_options(arena, folder);
    const char *const told = code_flag(arena, folder, &path_flag, MIGRATES);
    const char *const path = told == NULL ? NULL : code_directory_at(arena, folder, "package.json", told);
    if (path != NULL) {
        folder->path = path;
        folder->unread = NULL;
        folder->evidence = path_join(arena, folder->base, "package.json");
    }
    return connects || name != NULL || path != NULL;
}

/* With the setting `timestamps` there are two more columns, NOT NULL and without a default: a record built from JSON
 * fills the columns that exist. */
#define RECORD                                                                                                         \
    "INSERT INTO {ledger} SELECT * FROM pg_catalog.jsonb_populate_record(NULL::{ledger}, "                             \
    "pg_catalog.jsonb_build_object('name', {name}::pg_catalog.text, 'createdAt', {clock:ms}, 'updatedAt', "            \
    "{clock:ms}));"

/* The glob of new Umzug({ migrations: { glob } }). */
static const char *glob_at(struct arena *arena, const struct folder *folder, const struct source_file *file, size_t at)
{
    return code_directory_behind(arena, folder, file, at, "glob");
}

/* Files that fill tables (seeds) are no migrations. */
static bool is_of_seeds(struct text behind, struct text content)
{
    (void)content;
    const struct text line = text_slice(behind, 0, text_find(behind, "\n", 0));
    return text_find(line, "seed", 0) != SIZE_MAX || text_find(line, "Seed", 0) != SIZE_MAX;
}

/* umzug uses SequelizeMeta only if its storage is set to that: otherwise it keeps a file, umzug.json. */
static bool is_usual_storage(struct text behind, struct text content)
{
    (void)content;
    const struct text object = text_trim(behind);
    const struct text head = text_slice(object, 0, 200);
    return !text_starts_with(object, "{") || text_find(behind, "storage", 0) != SIZE_MAX ||
           text_find(head, "seed", 0) != SIZE_MAX;
}

/* Does the file set this name to one of Sequelize's storages: const store = new SequelizeStorage(…)? */
static bool is_set_to_storage(struct text content, struct text name)
{
    static const char storage[] = "new SequelizeStorage";
    bool is = false;
    for (size_t at = 0; !is && (at = text_find(content, storage, at)) != SIZE_MAX; at += strlen(storage)) {
        size_t start = at;
        while (start > 0 && strchr("\n;", content.data[start - 1]) == NULL) {
            start--;
        }
        const struct text before = text_slice(content, start, at);
        const size_t sign = text_find(before, "=", 0);
        const struct text set = text_trim(text_slice(before, 0, sign));
        const size_t type = text_find(set, ":", 0); /* a type annotation in TypeScript */
        const struct text left = text_trim(text_slice(set, 0, type));
        is = sign != SIZE_MAX && text_trim(text_slice(before, sign, before.size)).size == 1 && left.size >= name.size &&
             text_equal(text_slice(left, left.size - name.size, left.size), name) &&
             (left.size == name.size || strchr(" \t.", left.data[left.size - name.size - 1]) != NULL);
    }
    return is;
}

static bool is_of_sequelize(struct text behind, struct text content)
{
    const struct text line = text_slice(behind, 0, text_find(behind, ",", 0));
    const size_t colon = text_starts_with(line, ":") ? code_skip_blanks(line, 1) : line.size;
    const struct text name = code_word(line, colon);
    const size_t end = code_skip_blanks(line, colon + name.size);
    const bool is_name = name.size > 0 && (end == line.size || strchr("})", line.data[end]) != NULL);
    return text_find(line, "SequelizeStorage", 0) != SIZE_MAX || text_find(line, "'sequelize'", 0) != SIZE_MAX ||
           text_find(line, "\"sequelize\"", 0) != SIZE_MAX ||
           (is_name && (text_find(name, "equelize", 0) != SIZE_MAX || is_set_to_storage(content, name)));
}

#define UP       "up(|up: |up (|up = |.up=|function up"
#define PROGRAMS "*.{js|ts|mjs|cjs|mts|cts}"

const struct framework framework_sequelize = {
    .id = "sequelize",
    .display_name = "Sequelize",
    .tool = "sequelize-cli db:migrate",
    .ledger =
        {
            .shapes = SHAPES({.table = "SequelizeMeta", .columns = "name:varchar", .only_columns = true},
                             {
                                 .table = "SequelizeMeta",
                                 .columns = "name:varchar createdAt:timestamptz updatedAt:timestamptz",
                                 .only_columns = true,
                             }),
            .read = "SELECT name AS key FROM {ledger} ORDER BY name",
            .create = "CREATE TABLE {ledger} (\"name\" varchar(255) NOT NULL, PRIMARY KEY (\"name\"));",
            .lock = LOCK_LEDGER,
            .record = RECORD,
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations", "src/migrations", "src/db/migrations", "database/migrations",
                            "src/database/migrations"),
            .named_by = "package.json: sequelize-cli",
            /* The names of the arguments are the project's: up: (q, types) => q.createTable(…). */
            .sure_by = WORDS("package.json: sequelize & *: queryInterface|equelize",
                             "package.json: sequelize-cli & {number:14}-*.{js|cjs|ts|cts}: " UP),
            .likely_by = WORDS("*: queryInterface|equelize"),
            /* Hidden files count as well (getMigrator of sequelize-cli's core/migrator.js). */
            .files = FILES({.pattern = "*.d.{ts|cts}", .passed_over = true},
                           {.pattern = "*.{js|cjs|ts|cts}", .is_code = true}),
            .whole_names = true,
        },
    .mentions = MENTIONS(
        {.words = "--migrations-path|--migrationsPath|--options-path|--optionsPath",
         .beside = "sequelize",
         .part = MENTION_PATH},

        {.files = "*.{js|ts|mjs|cjs|mts|cts} *.json", .words = "migrationStorageTableName"},
        {.files = "*.{js|ts|mjs|cjs|mts|cts} *.json", .words = "migrationStorageTableSchema", .part = MENTION_SCHEMA},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "modelName|tableName", .within = "SequelizeStorage("},
        {.files = "*.{js|ts|mjs|cjs|mts|cts}",
         .words = "schema",
         .within = "SequelizeStorage(",
         .part = MENTION_SCHEMA},
        {.files = PROGRAMS, .words = "new Umzug(", .is_usual = is_usual_storage},
        {.files = PROGRAMS, .words = "storage", .within = "new Umzug(", .is_usual = is_of_sequelize},
        {.files = PROGRAMS,
         .words = "glob",
         .within = "new Umzug(",
         .part = MENTION_PATH,
         .is_usual = is_of_seeds,
         .path_at = glob_at}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sequelize-cli runs it, after those that are applied already.",
            .missing_note = "sequelize-cli says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("node_modules/.bin/sequelize-cli", "node_modules/.bin/sequelize"),
            .run = WORDS("db:migrate"),
            .run_to = WORDS("db:migrate", "--to", "{name}"),
            .run_one = WORDS("db:migrate", "--name", "{name}"),
        },
    .hooks = {.configure = sequelize_configure},
};
