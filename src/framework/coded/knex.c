/*
 * Knex.js: programs in JavaScript or TypeScript, recorded by their file names in knex_migrations. Facts measured with
 * knex 3.3.0 on PostgreSQL 15 and read in its Migrator.js.
 */
#include "framework/coded/code.h"

#include <stdint.h>
#include <string.h>

/* ---- which endings count ---- */

/* DEFAULT_LOAD_EXTENSIONS of its fs-migrations.js. */
static const char usual_endings[] = " .co .coffee .eg .iced .js .cjs .litcoffee .ls .ts ";

#define MOST_SETTINGS 32 /* of endings, in a file: each is looked at from its beginning */

/* Is the innermost object around this offset the value of this key? */
static bool is_in_object(struct text source, size_t at, const char *key)
{
    int depth = 0;
    while (at > 0 && depth >= 0) {
        at--;
        depth += source.data[at] == '}' ? 1 : source.data[at] == '{' ? -1 : 0;
    }
    while (at > 0 && strchr(" \t\r\n:=\"'", source.data[at - 1]) != NULL) {
        at--;
    }
    return text_ends_with(text_slice(source, 0, at), key);
}

/* loadExtensions of the migrations, of all environments, with blanks between and around them; NULL: not set. */
static const char *endings_of(struct arena *arena, struct folder *folder, struct source_file file)
{
    static const char key[] = "loadExtensions";
    struct buffer endings = {.arena = arena};
    size_t count = 0;
    for (size_t at = 0; (at = code_find_word(file.content, key, at)) != SIZE_MAX;) {
        if (++count > MOST_SETTINGS) {
            unread_folder(arena, folder, file, at - strlen(key), key);
            return NULL;
        }
        if (!is_in_object(file.content, at - strlen(key), "migrations")) {
            continue;
        }
        const struct text behind = text_slice(file.content, at, file.content.size);
        const size_t close = text_find(behind, "]", 0);
        const struct text list = text_trim(text_slice(behind, 1, close));
        if (close == SIZE_MAX || !text_starts_with(list, "[") || text_find(list, "...", 0) != SIZE_MAX) {
            unread_folder(arena, folder, file, at - strlen(key), key);
            return NULL;
        }
        for (size_t i = 1; i < list.size; i++) {
            const bool is_blank = strchr(" \t\r\n,'\"`", list.data[i]) != NULL;
            buffer_putc(&endings, is_blank ? ' ' : list.data[i]);
        }
    }
    return endings.size == 0 ? NULL : arena_printf(arena, " %s ", buffer_string(&endings));
}

static bool knex_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                        const char **warning)
{
    const char *const endings = folder->settings == NULL ? usual_endings : folder->settings;
    (void)warning;
    return strstr(endings, arena_printf(arena, " %s ", strrchr(file->filename, '.'))) != NULL;
}

/* ---- the folder ---- */

static bool knex_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    const char *const name =
        code_config(arena, folder,
                    WORDS("knexfile.js", "knexfile.ts", "knexfile.cjs", "knexfile.mjs", "src/knexfile.js",
                          "src/knexfile.ts", "db/knexfile.js", "db/knexfile.ts"),
                    &source);
    if (name == NULL) {
        return false;
    }
    /* knex works in the directory of its file. */
    folder->path = code_directory_of(arena, folder, &(const struct source_file){name, source},
                                     WORDS("migrations", "directory"), true);
    if (folder->path == NULL) {
        code_note_elsewhere(arena, folder, &(const struct source_file){name, source},
                            WORDS("client", "migrations", "connection"), 2);
    }
    if (folder->others != NULL && code_has(source, WORDS("sortDirsSeparately"))) {
        unread_folder_because(arena, folder, (struct source_file){name, source},
                              text_find(source, "sortDirsSeparately", 0),
                              "names several folders and sortDirsSeparately: only one can be read at a time");
    }
    folder->settings = endings_of(arena, folder, (struct source_file){name, source});
    folder->ledger.table = code_ledger_name(arena, folder, name, source, WORDS("migrations", "tableName"));
    folder->ledger.schema = code_ledger_name(arena, folder, name, source, WORDS("migrations", "schemaName"));
    return true;
}

/* The folder that a program passes to migrate.latest({ directory }), relative to where the program is started. */
static const char *directory_at(struct arena *arena, const struct folder *folder, const struct source_file *file,
                                size_t at)
{
    return code_directory_behind(arena, folder, file, at, "directory");
}

/* The folder that new FsMigrations("…") gets in this object; NULL: there is no such call, or the folder is computed. */
static const char *source_folder(struct arena *arena, const struct folder *folder, const struct source_file *file,
                                 struct text object)
{
    static const char call[] = "new FsMigrations(";
    const size_t at = text_find(object, call, 0);
    const size_t start = at == SIZE_MAX ? object.size : code_skip_blanks(object, at + strlen(call));
    const char quote = start < object.size ? object.data[start] : ' ';
    const size_t end = text_find(object, (const char[]){quote, '\0'}, start + 1);
    if (strchr("'\"`", quote) == NULL || end == SIZE_MAX) {
        return NULL;
    }
    const struct text said = text_slice(object, start + 1, end);
    return code_directory_at(arena, folder, file->name, arena_strndup(arena, said.data, said.size));
}

/* The same for knex({ migrations: { directory } }). If that object names no folder, or names it elsewhere, the folder
 * stays as it is. The directory of seeds is a different one. */
static const char *configured_at(struct arena *arena, const struct folder *folder, const struct source_file *file,
                                 size_t at)
{
    size_t open = at + strlen("migrations");
    while (open < file->content.size && strchr("'\": \t\r\n", file->content.data[open]) != NULL) {
        open++;
    }
    const struct text behind = text_slice(file->content, open, file->content.size);
    const size_t end = text_starts_with(behind, "{") ? text_find(behind, "}", 0) : 0;
    const struct text object = text_slice(behind, 0, end);
    const size_t directory = text_find(object, "directory", 0);
    const char *const source = source_folder(arena, folder, file, object);
    return directory != SIZE_MAX ? code_directory_behind(arena, folder, file, open + directory, "directory")
           : source != NULL      ? source
                                 : folder->path;
}

/* True if no source of its own is given: the source is not set, is a field of a type, or is only read; or it is Knex's
 * own, for the folder that it gets. */
static bool is_usual_source(struct text behind, struct text content)
{
    static const char *const usual[] = {"undefined", "null", "new FsMigrations(", NULL};
    const struct text rest = text_trim(behind);
    const bool is_short = text_starts_with(rest, ",") || text_starts_with(rest, "}");
    const bool is_set = (text_starts_with(rest, ":") || text_starts_with(rest, "=")) && !text_starts_with(rest, "==");
    const struct text value = text_trim(text_slice(rest, 1, rest.size));
    bool is = !is_short && !is_set;
    (void)content;
    for (size_t i = 0; is_set && usual[i] != NULL; i++) {
        is = is || text_starts_with(value, usual[i]);
    }
    return is;
}

#define PROGRAM "*.{js|ts|cjs|mjs|co|coffee|eg|iced|litcoffee|ls}"
#define GOES_UP PROGRAM ": exports.up|function up|const up|up(|up:"

/* Calls with which a program runs migrations itself. */
#define CALLS "migrate.latest(|migrate.up("

/* Calls with which it connects. */
#define CONNECTS "knex(|Knex(|require('knex')(|require(\"knex\")("

/* Runs PL/pgSQL statements on the lock, a table next to the ledger, unless somebody has dropped it; knex makes it
 * again. */
#define ON_LOCK(statements)                                                                                            \
    "DO {'BEGIN IF pg_catalog.to_regclass({'{ledger:*_lock}'}) IS NOT NULL THEN {guard:*_lock}" statements             \
    " END IF; END'};"

const struct framework framework_knex = {
    .id = "knex",
    .display_name = "Knex.js",
    .tool = "knex migrate:latest",
    .ledger =
        {
            .shapes = SHAPES({
                .table = "knex_migrations",
                .columns = "id:int4 name:varchar batch:int4 migration_time:timestamptz",
                .by_shape = true,
            }),
            .read = "SELECT name AS key, migration_time AS applied_at FROM {ledger} ORDER BY id",
            .create =
                "CREATE TABLE {ledger} (\"id\" serial PRIMARY KEY, \"name\" varchar(255), \"batch\" integer, "
                "\"migration_time\" timestamp with time zone);"
                "CREATE TABLE IF NOT EXISTS {ledger:*_lock} (\"index\" serial PRIMARY KEY, \"is_locked\" integer);"
                "{guard:*_lock}INSERT INTO {ledger:*_lock} (is_locked) SELECT 0 WHERE NOT EXISTS (SELECT FROM "
                "{ledger:*_lock});",
            /* A run of knex holds the row locked in its transaction. With a migration outside of transactions, it sets
             * is_locked instead; so does a run that died. */
            .lock = ON_LOCK("UPDATE {ledger:*_lock} SET is_locked = 1 WHERE is_locked OPERATOR(pg_catalog.=) 0; "
                            "IF NOT FOUND AND EXISTS (SELECT FROM {ledger:*_lock} WHERE is_locked "
                            "OPERATOR(pg_catalog.<>) 0) THEN RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = "
                            "pg_catalog.format('Knex.js is migrating, or a run of it died: is_locked is 1 in %s. If no "
                            "run is going on, free it by \"knex migrate:unlock\".', {table:*_lock}); END IF;"),
            .unlock = ON_LOCK("UPDATE {ledger:*_lock} SET is_locked = 0;"),
            .held = "SELECT pg_catalog.format('Knex.js is migrating, or a run of it died: is_locked is 1 in %s, and a "
                    "run waits for that. If no run is going on, free it by \"knex migrate:unlock\".', {table:*_lock}) "
                    "FROM {ledger:*_lock} WHERE is_locked OPERATOR(pg_catalog.<>) 0 LIMIT 1;",
            /* Each run is a batch. Its times are JavaScript's, in milliseconds. */
            .record = "INSERT INTO {ledger} (name, batch, migration_time) VALUES ({name}, {next:batch}, "
                      "{clock:ms});",
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations", "src/migrations", "src/db/migrations", "database/migrations",
                            "src/database/migrations"),
            .counts_before_it_exists = true,
            .merges_folders = true, /* listAllMigrations of MigrationsLoader.js */
            /* A knexfile is proof; without one, programs of Strapi and Directus look the same. */
            .sure_by = WORDS("configured & " GOES_UP,
                             "!package.json: @strapi/strapi & !package.json: directus & !below extensions & "
                             "package.json: knex & " GOES_UP " : knex|Knex"),
            .likely_by = WORDS("!package.json: @strapi/strapi & !package.json: directus & !below extensions & " GOES_UP
                               " : knex|Knex"),
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "*.d.ts", .passed_over = true},
                           {.pattern = "*.*", .is_code = true}),
            .whole_names = true,
        },
    .mentions = MENTIONS({.words = "--migrations-directory|--knexfile", .beside = "knex", .part = MENTION_PATH},
                         {.files = "knexfile.*", .words = "searchPath", .part = MENTION_SCHEMA},
                         {.files = "knexfile.*", .words = "migrations.tableName"},
                         {.files = "knexfile.*", .words = "migrations.schemaName", .part = MENTION_SCHEMA},
                         {.words = "--migrations-table-name", .beside = "knex"},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "tableName", .within = CALLS "|" CONNECTS},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "directory",
                          .within = CALLS,
                          .part = MENTION_PATH,
                          .path_at = directory_at},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "migrations",
                          .within = CONNECTS,
                          .part = MENTION_PATH,
                          .path_at = configured_at},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "migrationSource",
                          .beside = "knex|Knex|client:",
                          .part = MENTION_ELSEWHERE,
                          .is_usual = is_usual_source},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "new FsMigrations(",
                          .beside = "knex|Knex|client:",
                          .part = MENTION_PATH},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                          .words = "schemaName",
                          .within = CALLS "|" CONNECTS,
                          .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "knex runs it, after those that are applied already.",
            .missing_blocks = true,
            .missing_note = "knex stops, whatever it is asked for: \"The migration directory is corrupt\".",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("node_modules/.bin/knex"),
            .run = WORDS("migrate:latest"),
            .run_to = WORDS("migrate:to", "{name}"), /* since 3.3 */
            .run_one = WORDS("migrate:up", "{name}"),
            .left_lock = "knex migrate:unlock",
        },
    .hooks = {.configure = knex_configure, .accept = knex_accept},
};
