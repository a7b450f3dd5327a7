/*
 * morph (Go, by Mattermost): numbered pairs of files. What is applied is recognized by the name after the number, so
 * two files of the same name are one migration. Facts read in its source (models/, drivers/postgres/, morph.go of 1.1);
 * nothing was measured.
 */
#include "framework/core/framework.h"

#include <stdlib.h>

/* Its rows are looked up by "create_users", for "000001_create_users.up.sql". */
static bool morph_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                         const char **warning)
{
    (void)arena;
    (void)folder;
    (void)warning;
    file->key = file->title;
    return true;
}

/* Its versions are numbers of 32 bits, in which a time of 12 digits is cut. */
static const char *version_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    return arena_printf(arena, "%lu", (unsigned long)(uint32_t)strtoull(record->file->version, NULL, 10));
}

const struct framework framework_morph = {
    .id = "morph",
    .display_name = "morph",
    .tool = "morph apply up",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({.table = "db_migrations", .columns = "version:int8 name:varchar", .only_columns = true}),
            .read = "SELECT name AS key FROM {ledger} ORDER BY version",
            .create = "CREATE TABLE {ledger} (version bigint not null primary key, name varchar not null);",
            /* Its own lock is a row of db_lock under a key that each program chooses. */
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version, name) VALUES ({number}, {key});",
            .words = (const struct ledger_word[]){{.name = "number", .text = version_of}, {0}},
        },
    .folder =
        {
            .places = WORDS("migrations", "db/migrations", "migrations/postgres", "db/migrations/postgres"),
            .sure_by = WORDS("go.mod: mattermost/morph|go-morph/morph & {number}_*.up.sql"),
            .likely_by = WORDS("{number}_*.up.sql: -- morph:nontransactional"),
            /* Any ending counts (models/migration.go). */
            .files = FILES({.pattern = "{number:1-19}_{title}.up.sql"}, {.pattern = "{number:1-19}_{title}.up.*"},
                           {.pattern = "{number}_{title}.up.*",
                            .passed_over = true,
                            .warning = "is left out: its number is too large, and morph stops at it."}),
            .recursive = true,
            .key = KEY_OF_HOOK,
            .alone = {ALONE_START, "-- morph:nontransactional"},
            .makes = {"{next:6}_{slug}.up.sql", ""},
        },
    .mentions = MENTIONS({.words = "?search_path|&search_path", .beside = "postgres", .part = MENTION_SCHEMA},
                         {.words = "--migrations-table|x-migrations-table", .beside = "morph"},
                         {.files = "*.go", .words = "SetMigrationTableName(", .beside = "/morph"},
                         {.words = "--path", .beside = "morph", .part = MENTION_PATH}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "morph runs it, after those that are applied already.",
            .missing_note =
                "morph stops if more are applied than there are files, and otherwise says nothing about it.",
        },
    .hooks = {.accept = morph_accept},
};
