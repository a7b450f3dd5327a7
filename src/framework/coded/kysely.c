/*
 * Kysely, with kysely-ctl or a program's own Migrator: programs recorded by their names without the suffix, with times
 * as text. It compares the rows in the order of these times with the files in their order. Facts measured with kysely
 * 0.28.18 and kysely-ctl 0.20.0.
 */
#include "framework/coded/code.h"
#include "framework/core/template.h"

#include <stdint.h>
#include <string.h>

#define MISSING_NOTE "kysely stops: \"corrupted migrations: previously executed migration … is missing\"."

static const struct habits unordered_habits = {
    .late = LATE_RUNS,
    .late_note = "kysely runs it, because allowUnorderedMigrations is set.",
    .missing_blocks = true,
    .missing_note = MISSING_NOTE,
};

/* Does it contain `word: true`? */
static bool sets(struct text source, const char *word)
{
    const size_t at = code_find_word(source, word, 0);
    const struct text value = text_trim(text_slice(source, at, at == SIZE_MAX ? at : at + 8));
    return text_starts_with(value, ":") && text_starts_with(text_trim(text_slice(value, 1, value.size)), "true");
}

/* The setting of a folder in which kysely-ctl reads only TypeScript (ts-file-migration-provider.mts). */
static const char only_typescript[] = "TypeScript";

/* Does it hand on what is not in it: module.exports = require("…"), export default make(…), export *? */
static bool hands_on(struct text source)
{
    static const char *const words[] = {"export default", "module.exports", "exports.default"};
    bool does = text_find(source, "export *", 0) != SIZE_MAX || text_find(source, "...", 0) != SIZE_MAX;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t at = text_find(source, words[i], 0);
        const size_t behind = at == SIZE_MAX ? source.size : at + strlen(words[i]);
        const struct text said = text_trim(text_slice(source, behind, source.size));
        const struct text value = text_trim(text_slice(said, text_starts_with(said, "=") ? 1 : 0, said.size));
        does = does || (value.size > 0 && strchr("{.", value.data[0]) == NULL);
    }
    return does;
}

/* A file that exports no function `up` is not a migration (file-migration-provider.ts). */
static bool kysely_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                          const char **warning)
{
    struct status unread = {.arena = arena};
    struct text source;
    if (folder->settings == only_typescript && text_ends_with(text_of(file->filename), "js")) {
        *warning = arena_printf(arena,
                                "%s is left out: kysely-ctl passes over what is not TypeScript, unless allowJS "
                                "is set.",
                                file->filename);
        return false;
    }
    if (!file_read(arena, file->path, MIGRATION_FILE_LIMIT, &source, &unread) ||
        code_find_word(source, "up", 0) != SIZE_MAX || hands_on(source)) {
        return true;
    }
    *warning =
        arena_printf(arena, "%s is left out: kysely passes over a file that exports no function up.", file->filename);
    return false;
}

static bool kysely_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"kysely.config.ts",
                                        "kysely.config.js",
                                        "kysely.config.mts",
                                        "kysely.config.mjs",
                                        "kysely.config.cts",
                                        "kysely.config.cjs",
                                        ".config/kysely.config.ts",
                                        ".config/kysely.config.js",
                                        ".config/kysely.config.mts",
                                        ".config/kysely.config.mjs",
                                        ".config/kysely.ts",
                                        ".config/kysely.js",
                                        NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL) {
        return false;
    }
    folder->path =
        code_directory_of(arena, folder, &(const struct source_file){name, source}, WORDS("migrationFolder"), true);
    folder->ledger.table = code_ledger_name(arena, folder, name, source, WORDS("migrationTableName"));
    folder->ledger.schema = code_ledger_name(arena, folder, name, source, WORDS("migrationTableSchema"));
    folder->habits = sets(source, "allowUnorderedMigrations") ? &unordered_habits : NULL;
    folder->settings =
        sets(source, "allowJS") || code_find_word(source, "provider", 0) != SIZE_MAX ? NULL : only_typescript;
    return true;
}

/* A provider of the project's own may read a folder in the same way as FileMigrationProvider. */
static bool reads_files(struct text behind, struct text content)
{
    (void)content;
    return text_find(behind, "readdir", 0) != SIZE_MAX || text_find(behind, "import(", 0) != SIZE_MAX ||
           text_find(behind, "glob", 0) != SIZE_MAX;
}

#define FOLDER "migrationFolder"

/* The folder that a FileMigrationProvider gets. */
static const char *folder_at(struct arena *arena, const struct folder *folder, const struct source_file *file,
                             size_t at)
{
    return code_directory_behind(arena, folder, file, at, FOLDER);
}

/* The text in a row may be anything. If it looks like "2026-11-23T08:20:40.504Z" the time is computed from its parts,
 * because a cast would fail for February 31. */
#define READ                                                                                                           \
    "SELECT name AS key, (timestamp '2000-01-01' OPERATOR(pg_catalog.+) pg_catalog.make_interval("                     \
    "at[1]::pg_catalog.int4 OPERATOR(pg_catalog.-) 2000, at[2]::pg_catalog.int4 OPERATOR(pg_catalog.-) 1, 0, "         \
    "at[3]::pg_catalog.int4 OPERATOR(pg_catalog.-) 1, at[4]::pg_catalog.int4, at[5]::pg_catalog.int4, "                \
    "at[6]::pg_catalog.float8)) AT TIME ZONE 'UTC' AS applied_at FROM {ledger}, pg_catalog.regexp_match("              \
    "\"timestamp\", '^([0-9]{{4})-([0-9]{{2})-([0-9]{{2})T([0-9]{{2}):([0-9]{{2}):([0-9]{{2}(?:[.][0-9]{{1,6})?)Z$') " \
    "AS at ORDER BY \"timestamp\" COLLATE pg_catalog.\"C\", name COLLATE pg_catalog.\"C\""

/* A row that others follow gets the time of the first one after it, every other row gets the latest time: so the rows
 * stay in the order of the files. */
#define RECORD "INSERT INTO {ledger} (name, \"timestamp\") {row};"

#define C      " COLLATE pg_catalog.\"C\""
#define MAX    "pg_catalog.max(\"timestamp\"" C ")"
#define NOW    "pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')" C
#define BEHIND "(SELECT pg_catalog.min(\"timestamp\"" C ") FROM {ledger} WHERE name OPERATOR(pg_catalog.>) {name}" C ")"

/* What rows of one transaction tell each other. */
#define TOLD_LAST   "pg_catalog.current_setting('truss.last')"
#define TOLD_LATEST "pg_catalog.current_setting('truss.latest')"
#define TELL_LAST   "pg_catalog.set_config('truss.last', "
#define TELL_LATEST "pg_catalog.set_config('truss.latest', "

/* Of many rows the first one tells the others the last name and the latest time: to look through thousands of rows for
 * each would take thousands of times as long. */
static void put_row(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    static const char alone[] =
        "SELECT {name}, coalesce(" BEHIND ", greatest((SELECT " MAX " FROM {ledger}), " NOW "))";
    static const char first[] =
        "SELECT {name}, coalesce(s.behind, s.latest) FROM (SELECT " BEHIND " AS behind, greatest(" MAX ", " NOW
        ") AS latest, " MAX " AS before, greatest(pg_catalog.max(name" C "), {name}" C
        ") AS last FROM {ledger} OFFSET 0) s, " TELL_LAST "s.last, true) AS n, " TELL_LATEST
        "CASE WHEN s.behind IS NULL THEN s.latest ELSE s.before END, true) AS t";
    static const char further[] =
        "SELECT {name}, CASE WHEN s.is_last THEN " TELL_LATEST "greatest(" TOLD_LATEST C ", " NOW
        "), true) ELSE " BEHIND " END FROM (SELECT {name}" C " OPERATOR(pg_catalog.>=) " TOLD_LAST C
        " AS is_last OFFSET 0) s, " TELL_LAST "CASE WHEN s.is_last THEN {name} ELSE " TOLD_LAST " END, true) AS n";
    static const char *const rows[] = {[ROW_ALONE] = alone, [ROW_FIRST] = first, [ROW_FURTHER] = further};
    template_put(sql, rows[record == NULL ? ROW_ALONE : record->place], NULL, ledger, record);
}

const struct framework framework_kysely = {
    .id = "kysely",
    .display_name = "Kysely",
    .tool = "kysely migrate:latest",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "kysely_migration", .columns = "name:varchar timestamp:varchar", .only_columns = true}),
            .read = READ,
            .create = "CREATE TABLE {ledger} (\"name\" varchar(255) NOT NULL PRIMARY KEY, "
                      "\"timestamp\" varchar(255) NOT NULL);"
                      "CREATE TABLE IF NOT EXISTS {ledger:kysely_migration_lock} (\"id\" varchar(255) NOT NULL PRIMARY "
                      "KEY, \"is_locked\" integer DEFAULT 0 NOT NULL);"
                      "{guard:kysely_migration_lock}INSERT INTO {ledger:kysely_migration_lock} (id, is_locked) VALUES "
                      "('migration_lock', 0) ON CONFLICT DO NOTHING;",
            .order_note = "kysely stops at that (\"corrupted migrations\")", /* ensureMigrationsInOrder */
            .record = RECORD,
            .words = (const struct ledger_word[]){{.name = "row", .sql = put_row}, {0}},
            .advisory_locks = KEYS(INT64_C(3853314791062309107)),
        },
    .folder =
        {
            .places = WORDS("migrations", "src/migrations", "db/migrations", "src/db/migrations", "database/migrations",
                            "src/database/migrations"),
            .counts_before_it_exists = true,
            .sure_by = WORDS("package.json: kysely & *: \"kysely\"|'kysely'|Kysely<"),
            .likely_by = WORDS("*: \"kysely\"|'kysely'|Kysely<"),
            .files = FILES(SCRIPTS),
            .drops_twins = true,
        },
    .mentions =
        MENTIONS({.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = "migrationTableName", .beside = "kysely"},
                 {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                  .words = "migrationTableSchema",
                  .beside = "kysely",
                  .part = MENTION_SCHEMA},
                 {.files = "*.{js|ts|mjs|cjs|mts|cts}",
                  .words = "MigrationProvider = {|implements MigrationProvider|async getMigrations()",
                  .beside = "ysely",
                  .part = MENTION_ELSEWHERE,
                  .is_usual = reads_files},
                 {.files = "*.{js|ts|mjs|cjs|mts|cts}", .words = FOLDER, .part = MENTION_PATH, .path_at = folder_at}),
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
            .is_atomic = true,
            .programs = WORDS("node_modules/.bin/kysely"),
            .run = WORDS("migrate:latest", "--no-outdated-check"),
            .run_to = WORDS("migrate:up", "{name}", "--no-outdated-check"),
        },
    .hooks = {.configure = kysely_configure, .accept = kysely_accept},
};
