/*
 * Pop (Go: soda, Buffalo): numbered pairs of files in SQL or fizz, recorded by their numbers. Facts read in its source
 * (migrator.go, match.go, file_migrator.go, schema_migrations.go of v6); nothing was measured. popx is Ory's own
 * migrator based on a fork of it (migrator.go and match.go of x/popx): longer versions, only SQL, and ".autocommit" in
 * a name.
 */
#include "framework/core/framework.h"
#include "framework/core/reading.h"

#include <string.h>

#define LEGACY_DIGITS 14 /* of a version, before popx had longer ones */

/* It executes what Go's text/template makes of the file. */
static bool pop_script(const struct script_request *request)
{
    return text_find(request->content, "{{", 0) == SIZE_MAX ||
           status_fail(request->status, STATUS_FAILED_PRECONDITION,
                       "%s is a template ({{…}}), which only Pop itself fills in: run it with soda.",
                       request->file->filename);
}

/* If a version has a file for PostgreSQL, the one for all servers does not count. */
static bool pop_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                       const char **warning)
{
    static const char *const own[] = {"postgres", "postgresql", "pg"};
    static const char *const endings[] = {".up.sql", ".autocommit.up.sql"};
    const char *const dot = strchr(path_name(file->filename), '.');
    const int stem = (int)(dot - file->filename);
    bool is_for_all = strcmp(dot, ".up.fizz") == 0;
    (void)warning;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        is_for_all = is_for_all || strcmp(dot, endings[i]) == 0;
    }
    for (size_t i = 0; is_for_all && i < 2 * sizeof own / sizeof own[0]; i++) {
        const char *const other = arena_printf(arena, "%.*s.%s%s", stem, file->filename, own[i / 2], endings[i % 2]);
        const char *const path = path_join(arena, path_join(arena, folder->root, folder->path), other);
        if (file_look(path, NULL) == FILE_REGULAR) {
            return false;
        }
    }
    return true;
}

#define UP "{number}_*.up.{sql|fizz}"

const struct framework framework_pop = {
    .id = "pop",
    .display_name = "Pop",
    .tool = "soda migrate up",
    .ledger =
        {
            .shapes = SHAPES({.table = "schema_migration", .columns = "version:varchar", .only_columns = true}),
            .read = "SELECT version AS key FROM {ledger} ORDER BY version",
            .create = "CREATE TABLE {ledger} (\"version\" VARCHAR (14) NOT NULL, PRIMARY KEY(\"version\"));"
                      "CREATE UNIQUE INDEX {identifier:*_version_idx} ON {ledger} (version);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version) VALUES ({key});",
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations"),
            .sure_by = WORDS(UP " & go.mod: github.com/gobuffalo/ & !go.mod: github.com/ory/pop",
                             UP " & database.yml: dialect:"),
            .likely_by = WORDS("{number}_*.up.fizz"),
            /* Files for another dialect are left out; the one for PostgreSQL comes before the one for all. */
            .files = FILES({.pattern = "{number}_*.{postgres|postgresql|pg}.up.sql"},
                           {.pattern = "{number}_*.*.up.{sql|fizz}", .passed_over = true},
                           {.pattern = "{number}_*.up.sql"}, {.pattern = "{number}_*.up.fizz", .is_code = true}),
            .recursive = true,
            .key = KEY_NUMBER_AS_WRITTEN,
            .order = ORDER_OF_KEYS,
            .makes = {"{utc:%Y%m%d%H%M%S}_{slug}.up.sql", ""},
        },
    .mentions = MENTIONS({.files = "database.yml", .words = "migration_table_name"}, {.words = "migration_table_name"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "soda runs it, after those that are applied already.",
            .missing_note = "soda says nothing of it.",
        },
    .hooks = {.accept = pop_accept, .script = pop_script},
};

#define POSTGRES "{postgres|postgresql|pg}"

extern const struct framework framework_popx;

static bool has_file(const struct migration_files *files, const char *key)
{
    size_t i = 0;
    while (i < files->count && strcmp(files->items[i].key, key) != 0) {
        i++;
    }
    return i < files->count;
}

/* popx counts a version as applied if its first 14 digits are recorded, which is what its migrations had before they
 * were split (UpTo and Status of its migrator.go). */
static bool popx_read(struct ledger_reading *reading)
{
    const struct migration_files *const files = reading->files;
    if (!ledger_read_facts(reading, &framework_popx.ledger)) {
        return false;
    }
    struct ledger_entries *const entries = &reading->entries;
    const size_t rows = entries->count;
    size_t capacity = rows;
    for (size_t i = 0; i < rows; i++) {
        const struct ledger_entry row = entries->items[i];
        const char *const key = ledger_entry_key(&row);
        bool is_taken = strlen(key) != LEGACY_DIGITS || has_file(files, key);
        for (size_t j = 0; strlen(key) == LEGACY_DIGITS && j < files->count; j++) {
            struct ledger_entry one = row;
            one.key = files->items[j].key;
            if (strncmp(one.key, key, LEGACY_DIGITS) != 0 || one.key[LEGACY_DIGITS] == '\0') {
                continue;
            }
            if (is_taken) {
                entries->items = arena_grow(reading->arena, entries->items, entries->count, &capacity, sizeof one);
                entries->items[entries->count++] = one;
            } else {
                entries->items[i] = one;
                is_taken = true;
            }
        }
    }
    return true;
}

const struct framework framework_popx = {
    .id = "popx",
    .display_name = "popx",
    .tool = "the program's own migrate command",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "schema_migration", .columns = "version:varchar version_self:int4", .only_columns = true}),
            .read = "SELECT version AS key FROM {ledger} ORDER BY version",
            .create = "CREATE TABLE {ledger} (version VARCHAR (48) NOT NULL, version_self INT NOT NULL DEFAULT 0);"
                      "CREATE UNIQUE INDEX {identifier:*_version_idx} ON {ledger} (version);"
                      "CREATE INDEX {identifier:*_version_self_idx} ON {ledger} (version_self);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version) VALUES ({key});",
        },
    .folder =
        {
            .places = WORDS("persistence/sql/migrations", "migrations"),
            .sure_by = WORDS("{number}_*.up.sql & go.mod: github.com/ory/pop"),
            .files = FILES({.pattern = "{number}_*." POSTGRES ".autocommit.up.sql", .no_transaction = true},
                           {.pattern = "{number}_*." POSTGRES ".up.sql"},
                           {.pattern = "{number}_*.*.autocommit.up.sql", .passed_over = true},
                           {.pattern = "{number}_*.autocommit.up.sql", .no_transaction = true},
                           {.pattern = "{number}_*.*.up.sql", .passed_over = true}, {.pattern = "{number}_*.up.sql"}),
            .recursive = true, /* fs.WalkDir in migration_box.go */
            .key = KEY_NUMBER_AS_WRITTEN,
            .order = ORDER_OF_KEYS,
            .makes = {"{utc:%Y%m%d%H%M%S}000000_{slug}.up.sql", ""},
        },
    .mentions = MENTIONS({.words = "migration_table_name"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "popx runs it, after those that are applied already.",
            .missing_note = "popx says nothing of it.",
        },
    .hooks = {.accept = pop_accept, .script = pop_script, .read_ledger = popx_read},
};
