/*
 * Pop (Go: soda, Buffalo): numbered pairs of files in SQL or fizz, recorded by their numbers. Facts read in its source
 * (migrator.go, match.go, file_migrator.go, schema_migrations.go of v6); nothing measured.
 */
#include "framework/core/framework.h"

/* What it executes is what Go's text/template makes of the file. */
static bool pop_script(const struct script_request *request)
{
    return text_find(request->content, "{{", 0) == SIZE_MAX ||
           status_fail(request->status, STATUS_FAILED_PRECONDITION,
                       "%s is a template ({{…}}), which only Pop itself fills in: run it with soda.",
                       request->file->filename);
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
            .sure_by = WORDS(UP " & go.mod: github.com/gobuffalo/", UP " & database.yml: dialect:"),
            .likely_by = WORDS("{number}_*.up.fizz"),
            /* Those of another dialect are not its business here; the one for PostgreSQL comes before that for all. */
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
            .late_note = "soda runs it, behind those that are applied already.",
            .missing_note = "soda says nothing of it.",
        },
    .hooks = {.script = pop_script},
};
