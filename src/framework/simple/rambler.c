/*
 * Rambler: files with up and down parts, recorded by their names. From its source (elwinar/rambler): it could not be
 * run here.
 */
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/marked.h"
#include "framework/formats/config.h"

#include <string.h>

static const struct marks marks = {.up = "rambler up", .down = "rambler down"};

static bool rambler_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)arena;
    (void)file;
    (void)warning;
    return text_ends_with(text_of(name), ".sql");
}

static bool rambler_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                         struct status *status)
{
    return listing_read(arena, folder, &(struct listing_rule){.accept = rambler_accept}, files, status);
}

static bool rambler_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, "rambler.hjson", &content)) {
        return false;
    }
    const char *const directory = config_yaml(arena, content, (const char *const[]){"directory", NULL});
    folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
    folder->ledger.table = config_yaml(arena, content, (const char *const[]){"table", NULL});
    folder->evidence = "rambler.hjson";
    return true;
}

static bool has_up(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".sql") && marked_has(head, marks.up, false);
}

static bool rambler_recognise(struct arena *arena, struct folder *folder)
{
    return marked_recognise(arena, folder, &marks, has_up);
}

static bool rambler_script(struct arena *arena, const struct project *project, const struct folder *folder,
                           const struct migration_file *file, struct text content, struct migration_script *script,
                           struct status *status)
{
    (void)project;
    (void)folder;
    return marked_script(arena, file, content, &marks, NULL, script, status);
}

static bool rambler_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT migration AS key FROM %t ORDER BY migration");
}

static void rambler_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "CREATE TABLE %t ( migration VARCHAR(255) NOT NULL );");
}

static void rambler_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (migration) VALUES (%s);", record->name);
}

const struct framework framework_rambler = {
    .id = "rambler",
    .display_name = "Rambler",
    .tool = "rambler apply --all",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "migrations", .columns = "migration:varchar", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"migrations", ".", NULL},
    .hooks.configure = rambler_configure,
    .hooks.recognise = rambler_recognise,

    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "rambler stops at it (\"out of order\").",
            .missing_blocks = true,
            .missing_note = "rambler stops at it (\"missing\").",
        },
    .hooks.list = rambler_list,
    .hooks.script = rambler_script,
    .hooks.read_ledger = rambler_read,
    .hooks.put_create = rambler_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = rambler_record,
};
