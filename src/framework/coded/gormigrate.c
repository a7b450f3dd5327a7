/*
 * gormigrate (Go, with GORM): migrations are values in a program, which when it starts runs those whose IDs have no
 * row. Facts read in gormigrate.go (2.1); nothing was measured.
 */
#include "framework/coded/go_migrations.h"

/* IDColumnName: "id" says what is so anyway, and DefaultOptions.IDColumnName too. */
static bool is_usual_column(struct text behind, struct text content)
{
    const struct text said = text_trim(text_slice(behind, 0, text_find(behind, "\n", 0)));
    const struct text value = text_starts_with(said, ":") ? text_trim(text_slice(said, 1, said.size)) : said;
    (void)content;
    return text_starts_with(value, "\"id\"") || text_find(value, "DefaultOptions.IDColumnName", 0) == 0;
}

const struct framework framework_gormigrate = {
    .id = "gormigrate",
    .display_name = "gormigrate",
    .tool = "start the program that calls gormigrate's Migrate()",
    .ledger =
        {
            .shapes = SHAPES({.table = "migrations", .columns = "id:varchar", .only_columns = true}),
            .read = "SELECT id AS key FROM {ledger} WHERE id OPERATOR(pg_catalog.<>) 'SCHEMA_INIT' ORDER BY id",
            .create = "CREATE TABLE {ledger} (\"id\" varchar(255), PRIMARY KEY (\"id\"));",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (\"id\") VALUES ({name});",
        },
    .folder =
        {
            .places = WORDS("migrations", "internal/migrations", "pkg/migrations", "db/migrations"),
            .sure_by = WORDS("*.go: gormigrate" GO_MIGRATES),
            .files = GO_FILES,
        },
    .mentions =
        MENTIONS({.files = "*.go", .words = "TableName", .beside = "gormigrate"}, {.files = "*.go",
                                                                                   .words = "IDColumnName",
                                                                                   .beside = "gormigrate",
                                                                                   .part = MENTION_COLUMN,
                                                                                   .is_usual = is_usual_column}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "gormigrate runs it in the order of its list in code.",
            .missing_note = "gormigrate says nothing of it, unless it is told ValidateUnknownMigrations.",
        },
    .hooks = {.list = go_migrations_list},
};
