/*
 * Strapi: programs and SQL files in database/migrations, which it runs when it starts, recorded by their file names.
 * Its own migrations are in another table, which is not read here. Facts read in @strapi/database (migrations/).
 */
#include "framework/core/framework.h"

const struct framework framework_strapi = {
    .id = "strapi",
    .display_name = "Strapi",
    .tool = "strapi start",
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "strapi_migrations", .columns = "id:int4 name:varchar time:timestamp", .only_columns = true}),
            /* Its times come from a JavaScript program, without a zone: UTC in any container. */
            .read = "SELECT name AS key, \"time\" AT TIME ZONE 'UTC' AS applied_at FROM {ledger} ORDER BY \"time\", id",
            /* Newer versions make the name unique, also later on. */
            .create = "CREATE TABLE {ledger} (\"id\" serial PRIMARY KEY, \"name\" varchar(255), \"time\" timestamp);",
            .lock = LOCK_LEDGER,
            .record = "INSERT INTO {ledger} (name, \"time\") VALUES ({name}, pg_catalog.date_trunc('milliseconds', "
                      "{utc}));",
        },
    .folder =
        {
            .places = WORDS("database/migrations"),
            .sure_by = WORDS("package.json: @strapi/strapi & *.{js|sql}", "package.json: strapi & *.{js|sql}"),
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "*.js", .is_code = true},
                           {.pattern = "*.sql"}),
            .whole_names = true,
        },
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "strapi runs it when it starts, behind those that are applied already.",
            .missing_note = "strapi says nothing of it.",
        },
};
