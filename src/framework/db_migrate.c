/*
 * db-migrate: programs, which with --sql-file do no more than to run a file of SQL beside them. Facts seen with
 * db-migrate 0.11.14 and db-migrate-pg 1.5.2.
 */
#include "framework/layout.h"
#include "framework/ledger.h"
#include "framework/listing.h"
#include "framework/properties.h"

#include <string.h>

#define PROGRAM_LIMIT ((size_t)64 * 1024)

/* ---- the folder ---- */

static bool db_migrate_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    (void)warning;
    if (digits.size != 14 || name[14] != '-' || !text_ends_with(text_of(name), ".js")) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(".js"));
    file->key = arena_printf(arena, "/%s", file->name);
    file->version = arena_strndup(arena, name, 14);
    file->is_code = true;
    return true;
}

/* The program that `db-migrate create --sql-file` writes: it reads its own file and runs it, and nothing else. */
static bool is_template(struct arena *arena, const struct migration_file *file, const char *script)
{
    static const char *const parts[] = {"fs.readFile(filePath", "db.runSql(data)"};
    struct status ignored = {.arena = arena};
    struct text source;
    bool is_one = file_read(arena, file->path, PROGRAM_LIMIT, &source, &ignored) &&
                  text_find(source, arena_printf(arena, "'%s'", script), 0) != SIZE_MAX;
    for (size_t i = 0; i < 2 && is_one; i++) {
        is_one = text_find(source, parts[i], 0) != SIZE_MAX;
    }
    return is_one;
}

static bool db_migrate_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                            struct status *status)
{
    const char *const root = path_join(arena, folder->root, folder->path);
    const struct listing_rule rule = {.accept = db_migrate_accept, .compare = listing_by_version};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    for (size_t i = 0; i < files->count; i++) {
        struct migration_file *const file = &files->items[i];
        const char *const script = arena_printf(arena, "%s-up.sql", file->name);
        const char *const filename = path_join(arena, "sqls", script);
        struct file_stamp stamp;
        if (file_look(path_join(arena, root, filename), &stamp) == FILE_REGULAR && is_template(arena, file, script)) {
            file->filename = filename;
            file->path = path_join(arena, root, filename);
            file->stamp = stamp;
            file->is_code = false;
        }
    }
    return true;
}

static bool db_migrate_configure(struct arena *arena, struct folder *folder)
{
    struct text source;
    const bool has_database = folder_look(arena, folder, "database.json") == FILE_REGULAR;
    if (folder_read(arena, folder, ".db-migraterc", &source)) {
        const char *const directory = property_string(arena, source, (const char *const[]){"migrations-dir", NULL});
        folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
        folder->ledger.table = property_string(arena, source, (const char *const[]){"table", NULL});
        folder->evidence = path_join(arena, folder->base, ".db-migraterc");
    } else if (has_database) {
        folder->evidence = path_join(arena, folder->base, "database.json");
    }
    return folder->evidence != NULL;
}

static bool is_program(const char *name, bool is_directory, struct text head)
{
    const struct text digits = leading_digits(text_of(name));
    return !is_directory && digits.size == 14 && name[14] == '-' && text_find(head, "dbm", 0) != SIZE_MAX;
}

static bool db_migrate_recognise(struct arena *arena, struct folder *folder)
{
    const char *const name = folder_any(arena, folder, is_program);
    if (name == NULL) {
        return false;
    }
    folder->confidence = folder_depends_on(arena, folder, "db-migrate") ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    folder->evidence = folder->evidence != NULL ? folder->evidence : path_join(arena, folder->path, name);
    return true;
}

static const struct layout db_migrate_layout = {
    .places = (const char *const[]){"migrations", NULL},
    .configure = db_migrate_configure,
    .recognise = db_migrate_recognise,
};

/* ---- the ledger ---- */

static bool db_migrate_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT name AS key, pg_catalog.ltrim(name, '/') AS name, id::text AS id, "
                                     "run_on::timestamptz AS applied_at FROM %t ORDER BY run_on, id");
}

static void db_migrate_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"id\" SERIAL PRIMARY KEY NOT NULL, \"name\" VARCHAR (255) NOT NULL, "
                "\"run_on\" TIMESTAMP NOT NULL);");
}

/* run_on is the local time of who runs it, in milliseconds and without a zone. */
static void db_migrate_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (\"name\", \"run_on\") VALUES (%s, "
                "pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp())::timestamp);",
                record->key);
}

const struct framework framework_db_migrate = {
    .id = "db-migrate",
    .display_name = "db-migrate",
    .tool = "db-migrate up",
    .ledgers =
        (const struct ledger_shape[]){
            {.table = "migrations", .columns = "id:int4 name:varchar run_on:timestamp", .only_columns = true},
            {0},
        },
    .layout = &db_migrate_layout,
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "db-migrate runs it, behind those that are applied already.",
            .missing_note = "db-migrate says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/db-migrate", NULL},
            .run = (const char *const[]){"up", NULL},
            .run_to = (const char *const[]){"up", "{name}", NULL},
        },
    .list = db_migrate_list,
    .read_ledger = db_migrate_read,
    .create = db_migrate_create,
    .lock = ledger_lock_table,
    .record = db_migrate_record,
};
