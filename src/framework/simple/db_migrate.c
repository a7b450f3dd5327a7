/*
 * db-migrate: programs, which with --sql-file only run an SQL file next to them. Facts measured with db-migrate 0.11.14
 * and db-migrate-pg 1.5.2.
 */
#include "framework/core/ledger.h"
#include "framework/core/package.h"
#include "framework/core/unread.h"
#include "framework/formats/properties.h"

#include <ctype.h>
#include <string.h>

#define PROGRAM_LIMIT ((size_t)64 * 1024)

/* ---- the folder ---- */

/* JavaScript without what does not matter: comments, blanks and semicolons outside of strings; all quotes become '. */
static struct text compact(struct arena *arena, struct text source)
{
    struct buffer out = {.arena = arena};
    char quote = '\0';
    buffer_reserve(&out, source.size);
    for (size_t i = 0; i < source.size; i++) {
        const char c = source.data[i];
        const struct text rest = text_slice(source, i, source.size);
        const bool is_line = quote == '\0' && text_starts_with(rest, "//");
        if (is_line || (quote == '\0' && text_starts_with(rest, "/*"))) {
            const size_t end = text_find(source, is_line ? "\n" : "*/", i + 2);
            i = end == SIZE_MAX ? source.size : end + (is_line ? 0 : 1);
        } else if (c == '\'' || c == '"') {
            quote = quote == '\0' ? c : quote == c ? '\0' : quote;
            buffer_putc(&out, '\'');
        } else if (quote != '\0' || (c != ';' && isspace((unsigned char)c) == 0)) {
            buffer_putc(&out, c);
        }
    }
    return buffer_text(&out);
}

#define READS_FILE "fs.readFile(filePath,{encoding:'utf-8'},function(err,data){"
#define WITH_PROMISE                                                                                                   \
    "returnnewPromise(function(resolve,reject){" READS_FILE "if(err)returnreject(err)"                                 \
    "console.log('received data: '+data)resolve(data)})}).then(function(data){returndb.runSql(data)})}exports."
#define RUNS_AND_CALLS "db.runSql(data,function(err){if(err)returncallback(err)callback()})})}exports."

/* The text around the script's name in the function `up` that `db-migrate create --sql-file` writes: from 0.11, 0.10
 * and 0.9. If somebody has changed it, it is a program. */
static const struct {
    const char *before;
    const char *behind;
} templates[] = {
    {"exports.up=function(db){varfilePath=path.join(__dirname,'sqls','", "')" WITH_PROMISE},
    {"exports.up=function(db){varfilePath=path.join(__dirname+'/sqls/", "')" WITH_PROMISE},
    {"exports.up=function(db,callback){varfilePath=path.join(__dirname+'/sqls/",
     "')" READS_FILE "if(err)returncallback(err)console.log('received data: '+data)" RUNS_AND_CALLS},
    {"exports.up=function(db,callback){varfilePath=path.join(__dirname+'/sqls/",
     "')" READS_FILE "if(err)returncallback(err)" RUNS_AND_CALLS},
};

static bool starts_with_template(struct arena *arena, struct text program, const char *script)
{
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
        if (text_starts_with(program,
                             arena_printf(arena, "%s%s%s", templates[i].before, script, templates[i].behind))) {
            return true;
        }
    }
    return false;
}

/* Does its function `up` run this script and nothing else? */
static bool is_template(const char *path, const char *script)
{
    struct arena *const arena = arena_new(0);
    struct status ignored = {.arena = arena};
    struct text source;
    bool is_one = false;
    if (file_read(arena, path, PROGRAM_LIMIT, &source, &ignored)) {
        const struct text program = compact(arena, source);
        const size_t up = text_find(program, "exports.up=", 0);
        is_one = up != SIZE_MAX && starts_with_template(arena, text_slice(program, up, program.size), script) &&
                 text_find(program, "exports.up", up + 1) == SIZE_MAX &&
                 text_find(program, "exports[", 0) == SIZE_MAX && text_find(program, "module.", 0) == SIZE_MAX;
    }
    arena_free(arena);
    return is_one;
}

/* A program that only runs its SQL file is treated as that file. */
static bool db_migrate_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                              const char **warning)
{
    const char *const script = arena_printf(arena, "%s-up.sql", file->name);
    const char *const filename = path_join(arena, "sqls", script);
    const char *const path = path_join(arena, path_join(arena, folder->root, folder->path), filename);
    struct file_stamp stamp;
    (void)warning;
    file->name = arena_strndup(arena, file->name, strcspn(file->name, ".")); /* lib/file.js, parseName */
    file->key = arena_printf(arena, "/%s", file->name);
    if (file_look(path, &stamp) == FILE_REGULAR && is_template(file->path, script)) {
        file->filename = filename;
        file->path = path;
        file->stamp = stamp;
        file->is_code = false;
    }
    return true;
}

static bool db_migrate_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    const bool has_database = folder_look(arena, folder, "database.json") == FILE_REGULAR;
    if (folder_read(arena, folder, ".db-migraterc", &source)) {
        const char *const directory = property_string(arena, source, WORDS("migrations-dir"));
        unread_folder(arena, folder, (struct source_file){".db-migraterc", source},
                      property_unread(source, WORDS("migrations-dir")), "migrations-dir");
        folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
        folder->ledger.table = property_string(arena, source, WORDS("table"));
        size_t at = 0;
        const size_t other =
            folder->ledger.table != NULL ? SIZE_MAX : property_find(source, WORDS("migration-table"), &at);
        if (other != SIZE_MAX) {
            unread_ledger_because(arena, folder, (struct source_file){".db-migraterc", source}, other,
                                  "sets migration-table, which only new versions of db-migrate read: call it table");
        }
        folder->evidence = path_join(arena, folder->base, ".db-migraterc");
    } else if (has_database) {
        folder->evidence = path_join(arena, folder->base, "database.json");
    }
    return folder->evidence != NULL;
}

const struct framework framework_db_migrate = {
    .id = "db-migrate",
    .display_name = "db-migrate",
    .tool = "db-migrate up",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "migrations", .columns = "id:int4 name:varchar run_on:timestamp", .only_columns = true}),
            /* A row without a slash, as older versions have written it, is one of no scope (loadFromDatabase). */
            .read = "SELECT CASE WHEN pg_catalog.strpos(name, '/') OPERATOR(pg_catalog.=) 0 THEN "
                    "pg_catalog.concat('/', name) ELSE name END AS key, pg_catalog.ltrim(name, '/') AS name, "
                    "id::pg_catalog.text AS id, "
                    "run_on::timestamp with time zone AS applied_at FROM {ledger} ORDER BY run_on, id",
            .create = "CREATE TABLE {ledger} (\"id\" SERIAL PRIMARY KEY NOT NULL, \"name\" VARCHAR (255) NOT NULL, "
                      "\"run_on\" TIMESTAMP NOT NULL);",
            .lock = LOCK_LEDGER,
            /* The schema of database.json comes first, and has the table (db-migrate-pg, index.js). */
            .path = ledger_path_of_scripts,
            /* run_on is the local time of the machine that runs it, in milliseconds and without a zone. */
            .record = "INSERT INTO {ledger} (\"name\", \"run_on\") VALUES ({key}, {clock:ms}::timestamp);",
        },
    .folder =
        {
            .places = WORDS("migrations"),
            .sure_by = WORDS("package.json: db-migrate & {number:14}-*: dbm"),
            .likely_by = WORDS("package.json: db-migrate & {number:14}-*.js", "{number:14}-*: dbm"),
            .files = FILES({.pattern = "{number:14}-*.js", .is_code = true}),
            .order = ORDER_OF_NUMBERS,
        },
    .mentions = MENTIONS({.words = "--migration-table|--table", .beside = "db-migrate"},
                         {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "--migration-table", .beside = "db-migrate"},
                         {.files = "database.json", .words = "schema", .part = MENTION_SCRIPT_SCHEMA}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "db-migrate runs it, after those that are applied already.",
            .missing_note = "db-migrate says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("node_modules/.bin/db-migrate"),
            .run = WORDS("up"),
            .run_to = WORDS("up", "{name}"),
        },
    .hooks = {.accept = db_migrate_accept, .configure = db_migrate_configure},
};
