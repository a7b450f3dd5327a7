/*
 * xormigrate (Go, with XORM): migrations are values in a program, which when it starts runs those whose IDs have no
 * row. Facts read in xormigrate.go (1.7); nothing was measured.
 */
#include "framework/coded/go_migrations.h"

const struct framework framework_xormigrate = {
    .id = "xormigrate",
    .display_name = "xormigrate",
    .tool = "start the program that calls xormigrate's Migrate()",
    .ledger =
        {
            .shapes = SHAPES({.table = "migration",
                              .columns = "id:varchar description:varchar",
                              .only_columns = true,
                              .optional = "description"}),
            .read = "SELECT id AS key FROM {ledger} WHERE id OPERATOR(pg_catalog.<>) 'SCHEMA_INIT' ORDER BY id",
            .create = "CREATE TABLE {ledger} (\"id\" VARCHAR(255) NULL, \"description\" VARCHAR(255) NULL);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (\"id\", \"description\") VALUES ({name}, '');",
        },
    .folder =
        {
            .places = WORDS("migrations", "migration", "pkg/migration", "pkg/migrations", "db/migrations"),
            .sure_by = WORDS("*.go: xormigrate" GO_MIGRATES),
            .files = GO_FILES,
        },
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "xormigrate runs it in the order of its list in code.",
            .missing_note = "xormigrate says nothing of it.",
        },
    .hooks = {.list = go_migrations_list},
};
