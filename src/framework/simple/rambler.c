/*
 * Rambler: files with up and down parts, recorded by their names. Read in its source (elwinar/rambler 5.5.0): it could
 * not be run.
 */
#include "framework/core/configuration.h"
#include "framework/core/ledger.h"
#include "framework/core/package.h"

#include <stdint.h>

/* JSON with its quotes, or Hjson, whose lines are those of YAML. */
static bool rambler_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"rambler.json", "rambler.hjson", NULL};
    const char *const name = folder_first_file(arena, folder, names);
    struct text content;
    if (name == NULL || !folder_read(arena, folder, name, &content)) {
        return false;
    }
    const size_t open = text_find(content, "{", 0);
    const struct text first = text_trim(text_slice(content, open == SIZE_MAX ? 0 : open + 1, content.size));
    const struct configuration configuration = {
        .files = names,
        .format = text_starts_with(first, "\"") ? FORMAT_OBJECT : FORMAT_YAML,
        .directory = "directory",
        .table = "table",
        .schema = "schema",
    };
    return configuration_read(arena, &configuration, folder);
}

const struct framework framework_rambler = {
    .id = "rambler",
    .display_name = "Rambler",
    .tool = "rambler apply --all",
    .sent = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({.table = "migrations", .columns = "migration:varchar", .only_columns = true}),
            .schema = "public",
            /* The configured schema, or public, is the whole search path (driver/postgresql/driver.go). */
            .path = ledger_path_alone,
            .read = "SELECT migration AS key FROM {ledger} ORDER BY migration",
            .create = "CREATE TABLE {ledger} ( migration VARCHAR(255) NOT NULL );",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (migration) VALUES ({name});",
        },
    .folder =
        {
            .places = WORDS("migrations", "."),
            .sure_by = WORDS("*.sql: -- rambler up"),
            .files = FILES({.pattern = "*.sql"}),
            .whole_names = true,
            .marks = {.up = "rambler up", .down = "rambler down", .start = "-- rambler ", .drops_returns = true},
        },
    .mentions = MENTIONS({.words = "RAMBLER_TABLE"}, {.words = "RAMBLER_SCHEMA", .part = MENTION_SCHEMA},
                         {.words = "RAMBLER_DIRECTORY", .part = MENTION_PATH},
                         {.words = "-c|--configuration", .beside = "rambler", .part = MENTION_PATH}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "rambler stops at it (\"out of order\").",
            .missing_blocks = true,
            .missing_note = "rambler stops at it (\"missing\").",
        },
    .hooks = {.configure = rambler_configure},
};
