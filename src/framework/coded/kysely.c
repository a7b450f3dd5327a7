/*
 * Kysely, by kysely-ctl or a program's own Migrator: programs recorded by their names without the ending, with times as
 * text. It compares the rows in the order of these times with the files in theirs. Facts seen with kysely 0.28.18 and
 * kysely-ctl 0.20.0.
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"
#include "framework/formats/properties.h"

/* ---- the folder ---- */

static bool kysely_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    file->is_code = true;
    file->name = code_stem(arena, name, code_script_endings);
    return file->name != NULL;
}

static bool kysely_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    const struct listing_rule rule = {.accept = kysely_accept, .compare = listing_by_name};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    code_drop_twins(files);
    return true;
}

#define MISSING_NOTE "kysely stops: \"corrupted migrations: previously executed migration … is missing\"."

static const struct habits unordered_habits = {
    .late = LATE_RUNS,
    .late_note = "kysely runs it, because allowUnorderedMigrations is set.",
    .missing_blocks = true,
    .missing_note = MISSING_NOTE,
};

/* Is `allowUnorderedMigrations: true` there? */
static bool allows_unordered(struct text source)
{
    const size_t at = code_find_word(source, "allowUnorderedMigrations", 0);
    const struct text value = text_trim(text_slice(source, at, at == SIZE_MAX ? at : at + 8));
    return text_starts_with(value, ":") && text_starts_with(text_trim(text_slice(value, 1, value.size)), "true");
}

static bool kysely_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {
        "kysely.config.ts",  "kysely.config.js",  "kysely.config.mts",        "kysely.config.mjs",
        "kysely.config.cts", "kysely.config.cjs", ".config/kysely.config.ts", NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL) {
        return false;
    }
    folder->path = code_directory(arena, folder, name, source, "migrationFolder");
    folder->ledger.table = property_string(arena, source, (const char *const[]){"migrationTableName", NULL});
    folder->ledger.schema = property_string(arena, source, (const char *const[]){"migrationTableSchema", NULL});
    folder->habits = allows_unordered(source) ? &unordered_habits : NULL;
    return true;
}

static bool uses_kysely(const char *name, bool is_directory, struct text head)
{
    (void)name;
    return !is_directory && code_has(head, (const char *const[]){"\"kysely\"", "'kysely'", "Kysely<", NULL});
}

static bool kysely_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, "kysely", uses_kysely);
}

/* ---- the ledger ---- */

/* The text of a row may be anything. Where it looks like "2026-11-23T08:20:40.504Z" it is added up, because a cast
 * would fail for the 31st of February. */
static bool kysely_read(struct ledger_reading *reading)
{
    return ledger_read_rows(
        reading, "SELECT name AS key, (timestamp '2000-01-01' + pg_catalog.make_interval(at[1]::int - 2000, "
                 "at[2]::int - 1, 0, at[3]::int - 1, at[4]::int, at[5]::int, at[6]::float8)) AT TIME ZONE 'UTC' "
                 "AS applied_at FROM %t, pg_catalog.regexp_match(\"timestamp\", '^([0-9]{4})-([0-9]{2})-([0-9]{2})"
                 "T([0-9]{2}):([0-9]{2}):([0-9]{2}(?:[.][0-9]{1,6})?)Z$') AS at "
                 "ORDER BY \"timestamp\" COLLATE \"C\", name COLLATE \"C\"");
}

static void kysely_create(struct buffer *sql, const struct ledger *ledger)
{
    const struct ledger lock = {.schema = ledger->schema, .table = "kysely_migration_lock"};
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"name\" varchar(255) NOT NULL PRIMARY KEY, \"timestamp\" varchar(255) NOT NULL);");
    ledger_putf(sql, &lock,
                "CREATE TABLE IF NOT EXISTS %t (\"id\" varchar(255) NOT NULL PRIMARY KEY, "
                "\"is_locked\" integer DEFAULT 0 NOT NULL);"
                "INSERT INTO %t (id, is_locked) VALUES ('migration_lock', 0) ON CONFLICT DO NOTHING;");
}

static size_t kysely_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    (void)database;
    keys[0] = INT64_C(3853314791062309107);
    return 1;
}

/* A row behind which others are gets the first one's time, every other one is the latest: so the rows stay in the order
 * of the files. */
static void kysely_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (name, \"timestamp\") SELECT %s, coalesce("
                "(SELECT pg_catalog.min(\"timestamp\" COLLATE \"C\") FROM %t WHERE name > %s COLLATE \"C\"), "
                "greatest((SELECT pg_catalog.max(\"timestamp\" COLLATE \"C\") FROM %t), "
                "pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', "
                "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') COLLATE \"C\"));",
                record->name, record->name);
}

const struct framework framework_kysely = {
    .id = "kysely",
    .display_name = "Kysely",
    .tool = "kysely migrate:latest",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "kysely_migration", .columns = "name:varchar timestamp:varchar", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "src/migrations", "db/migrations", "src/db/migrations",
                                           "database/migrations", "src/database/migrations", NULL},
    .hooks.configure = kysely_configure,
    .hooks.recognise = kysely_recognise,
    .folder.counts_before_it_exists = true,

    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "kysely stops: \"New migrations must always have a name that comes alphabetically after the "
                         "last executed migration\".",
            .missing_blocks = true,
            .missing_note = MISSING_NOTE,
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/kysely", NULL},
            .run = (const char *const[]){"migrate:latest", "--no-outdated-check", NULL},
            .run_to = (const char *const[]){"migrate:up", "{name}", "--no-outdated-check", NULL},
        },
    .hooks.list = kysely_list,
    .hooks.read_ledger = kysely_read,
    .hooks.put_create = kysely_create,
    .hooks.advisory_locks = kysely_locks,
    .hooks.put_record = kysely_record,
};
