/*
 * Rambler: files with up and down parts, recorded by their names. Read in its source (elwinar/rambler): it could not be
 * run.
 */
#include "framework/core/framework.h"

const struct framework framework_rambler = {
    .id = "rambler",
    .display_name = "Rambler",
    .tool = "rambler apply --all",
    .sent = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({.table = "migrations", .columns = "migration:varchar", .only_columns = true}),
            .read = "SELECT migration AS key FROM {ledger} ORDER BY migration",
            .create = "CREATE TABLE {ledger} ( migration VARCHAR(255) NOT NULL );",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (migration) VALUES ({name});",
        },
    .folder =
        {
            .places = WORDS("migrations", "."),
            .configuration =
                &(const struct configuration){
                    .files = WORDS("rambler.hjson"), .format = FORMAT_YAML, .directory = "directory", .table = "table"},
            .sure_by = WORDS("*.sql: -- rambler up"),
            .files = FILES({.pattern = "*.sql"}),
            .whole_names = true,
            .marks = {.up = "rambler up", .down = "rambler down"},
        },
    .mentions = MENTIONS({.words = "RAMBLER_TABLE"}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "rambler stops at it (\"out of order\").",
            .missing_blocks = true,
            .missing_note = "rambler stops at it (\"missing\").",
        },
};
