/*
 * dbmate: numbered files with an up and a down part, recorded by their numbers. Facts measured with dbmate 2.36.0. Its
 * ledger has exactly the columns of that of Rails: the files tell them apart.
 */
#include "base/words.h"
#include "framework/core/configuration.h"
#include "framework/core/package.h"
#include "framework/formats/config.h"

#include <stdlib.h>

extern const struct framework framework_dbmate;

/* With --strict, or its variable, a late migration is refused (Migrate of pkg/dbmate/db.go). */
static const struct habits strict = {
    .late = LATE_REFUSED,
    .late_note = "dbmate stops at it: DBMATE_STRICT is set.",
    .missing_note = "dbmate says nothing of it.",
};

/* Is DBMATE_STRICT set, in the environment or in .env? */
static bool is_strict(struct arena *arena, const struct folder *folder)
{
    static const char name[] = "DBMATE_STRICT";
    static const char *const on[] = {"1", "t", "T", "true", "TRUE", "True", NULL};
    const char *const variable = folder->base[0] == '\0' ? getenv(name) : NULL;
    struct text content;
    const char *const said = variable != NULL && variable[0] != '\0'        ? variable
                             : folder_read(arena, folder, ".env", &content) ? config_value(arena, content, NULL, name)
                                                                            : NULL;
    return said != NULL && word_is_one_of(text_of(said), on);
}

static bool dbmate_configure(struct arena *arena, struct folder *folder)
{
    const bool is_said = configuration_read(arena, framework_dbmate.folder.configuration, folder);
    if (is_strict(arena, folder)) {
        folder->habits = &strict;
        folder->evidence = is_said ? folder->evidence : "DBMATE_STRICT";
        return true;
    }
    return is_said;
}

const struct framework framework_dbmate = {
    .id = "dbmate",
    .display_name = "dbmate",
    .tool = "dbmate migrate",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({
                .table = "schema_migrations",
                .columns = "version:varchar",
                .only_columns = true,
                .without = "ar_internal_metadata",
            }),
            .makes_first_of_path = true, /* CreateMigrationsTable of pkg/driver/postgres/postgres.go */
            .read = "SELECT version AS key FROM {ledger} ORDER BY version",
            .create = "CREATE TABLE {ledger} (version varchar PRIMARY KEY);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (version) VALUES ({key});",
        },
    .folder =
        {
            .places = WORDS("db/migrations", "migrations"),
            .configuration = &(const struct configuration){.files = WORDS(".env"),
                                                           .directory = "DBMATE_MIGRATIONS_DIR",
                                                           .has_directories = true,
                                                           .table = "DBMATE_MIGRATIONS_TABLE",
                                                           .table_has_schema = true,
                                                           .is_of_others = true,
                                                           .is_environment = true},
            .sure_by = WORDS("*.sql: -- migrate:up"),
            .files = FILES({.pattern = "{number}*.sql"}), /* pkg/dbmate/migration.go */
            .key = KEY_NUMBER_AS_WRITTEN,
            .marks = {.up = "migrate:up",
                      .down = "migrate:down",
                      .needs_down = true,
                      .one_up = true,
                      .start = "--",
                      .nothing_before = true},
            .alone = {ALONE_UP_LINE, "transaction:false"},
            .makes = {"{utc:%Y%m%d%H%M%S}_{slug}.sql", "-- migrate:up\n\n\n-- migrate:down\n\n"},
        },
    .mentions = MENTIONS(
        {.words = "?search_path|&search_path", .beside = "postgres", .part = MENTION_SCHEMA},

        {.words = "-d|--migrations-dir|DBMATE_MIGRATIONS_DIR", .beside = "dbmate|DBMATE_", .part = MENTION_PATH},
        {.words = "--migrations-table|DBMATE_MIGRATIONS_TABLE"}),
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "dbmate runs it, after those that are applied already (--strict refuses).",
            .missing_note = "dbmate says nothing of it.",
        },
    .hooks = {.configure = dbmate_configure},
};
