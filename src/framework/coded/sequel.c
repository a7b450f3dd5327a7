/*
 * Sequel (Ruby): programs that are recorded by their file names if a number among them is a time, else by the last
 * number alone. Facts read in lib/sequel/extensions/migration.rb of Sequel 5, and measured with it.
 */
#include "framework/core/evidence.h"
#include "framework/core/listing.h"
#include "framework/core/pattern.h"

#include <ctype.h>
#include <string.h>

/* A row has the name in small letters. */
static bool sequel_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                          const char **warning)
{
    char *const key = arena_strdup(arena, file->filename);
    (void)folder;
    (void)warning;
    for (char *c = key; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    file->key = key;
    return true;
}

/* Is a number of a file a time: above 20000101 (migrator_class)? Then all are recorded by their names. */
static bool has_times(struct arena *arena, const struct folder *folder)
{
    struct status unread = {.arena = arena};
    struct file_list list = {0};
    bool has = false;
    directory_list(arena, path_join(arena, folder->root, folder->path), &list, &unread);
    for (size_t i = 0; !has && i < list.count; i++) {
        const struct text name = text_of(list.entries[i].name);
        const struct text number = leading_digits(name);
        has = !list.entries[i].is_directory && number.size > 0 &&
              pattern_fits("{number}_{title}.{rb|RB|Rb|rB}", name, NULL) &&
              number_compare(number, text_of("20000101")) > 0;
    }
    return has;
}

static bool is_of_times(struct arena *arena, struct folder *folder)
{
    return evidence_find(arena, folder) && has_times(arena, folder);
}

static bool is_of_integers(struct arena *arena, struct folder *folder)
{
    return evidence_find(arena, folder) && !has_times(arena, folder);
}

/* Also Hanami's, in config/db/migrate, which begin with ROM::SQL.migration. */
#define PLACES WORDS("db/migrations", "migrations", "db/migrate", "config/db/migrate", "db/migration")
#define BEGINS "Sequel.migration|SQL.migration"
#define FILES_OF_RUBY                                                                                                  \
    FILES({.pattern = ".*", .passed_over = true}, {.pattern = "{number}_{title}.{rb|RB}", .is_code = true})
#define IN_RUBY(of)                                                                                                    \
    MENTIONS({.files = "*.rb *.rake Rakefile",                                                                         \
              .words = of ".run(|" of ".apply(",                                                                       \
              .beside = "Sequel",                                                                                      \
              .part = MENTION_PATH,                                                                                    \
              .argument = 1},                                                                                          \
             {.files = "*.rb *.rake Rakefile", .words = "table", .within = of ".run(|" of ".apply("},                  \
             {.words = "-m|--migrate-directory", .beside = "sequel", .part = MENTION_PATH})

const struct framework framework_sequel = {
    .id = "sequel",
    .display_name = "Sequel",
    .tool = "sequel -m",
    .ledger =
        {
            .shapes = SHAPES({.table = "schema_migrations", .columns = "filename:text", .only_columns = true}),
            .older_table = "schema_info", /* convert_from_schema_info */
            .older_note = "Sequel takes its number over when it starts, and until then nobody knows here what is "
                          "applied. Start it once (Sequel::Migrator.is_current? is enough) and look again",
            .read = "SELECT filename AS key FROM {ledger} ORDER BY filename",
            .create = "CREATE TABLE {ledger} (\"filename\" pg_catalog.text PRIMARY KEY);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (\"filename\") VALUES ({key});",
        },
    .folder =
        {
            .places = PLACES,
            .sure_by = WORDS("{number}_*.rb: " BEGINS),
            .files = FILES_OF_RUBY,
            .whole_names = true,
            .key = KEY_OF_HOOK,
            .order = ORDER_OF_NUMBERS,
        },
    .mentions = IN_RUBY("Migrator"),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "sequel runs it, after those that are applied already.",
            .missing_blocks = true,
            .missing_note = "sequel stops at it (\"Applied migration files not in file system\").",
        },
    .hooks = {.recognise = is_of_times, .accept = sequel_accept},
};

const struct framework framework_sequel_integers = {
    .id = "sequel-integers",
    .display_name = "Sequel (integers)",
    .tool = "sequel -m",
    .ledger =
        {
            .shapes = SHAPES({.table = "schema_info", .columns = "version:int4", .only_columns = true}),
            .records_in_order = true,
            .knows_only_last = true,
            .read = "SELECT version::pg_catalog.text AS key FROM {ledger} WHERE version OPERATOR(pg_catalog.>) 0 OR "
                    "(SELECT pg_catalog.count(*) FROM {ledger}) OPERATOR(pg_catalog.>) 1 ORDER BY version DESC LIMIT 2",
            .create = "CREATE TABLE {ledger} (\"version\" integer DEFAULT 0 NOT NULL);"
                      "INSERT INTO {ledger} (\"version\") VALUES (0);",
            .lock = LOCK_LEDGER,
            .record = "UPDATE {ledger} SET \"version\" = {key};",
        },
    .folder =
        {
            .places = PLACES,
            .sure_by = WORDS("{number}_*.rb: " BEGINS),
            .files = FILES_OF_RUBY,
            .key = KEY_NUMBER,
            .order = ORDER_OF_NUMBERS,
            .numbered_from_one = true,
        },
    .mentions = IN_RUBY("Migrator"),
    .habits =
        {
            .late = LATE_SKIPPED,
            .late_note = "sequel never runs it: its tracking table knows only the last number.",
            .missing_blocks = true,
            .missing_note = "sequel stops at it (\"Missing migration version(s) needed to migrate down\"), and refuses "
                            "numbers with gaps.",
        },
    .hooks = {.recognise = is_of_integers},
};
