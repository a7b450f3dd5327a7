/*
 * Strapi: programs and SQL files in database/migrations, which it runs when it starts, recorded by their file names.
 * Its own migrations are in another table, which is not read here. Facts read in @strapi/database (migrations/).
 */
#include "framework/coded/code.h"
#include "framework/core/package.h"

#include <stdint.h>
#include <string.h>

/* Does config/database say useTypescriptMigrations: true? */
static bool compiles(struct arena *arena, const struct folder *folder)
{
    static const char word[] = "useTypescriptMigrations";
    static const char *const names[] = {"config/database.ts", "config/database.js", NULL};
    struct text source;
    const char *const name = folder_first_file(arena, folder, names);
    const size_t at =
        name == NULL || !folder_read(arena, folder, name, &source) ? SIZE_MAX : code_find_word(source, word, 0);
    const struct text rest =
        at == SIZE_MAX ? (struct text){0} : text_trim(text_slice(source, at, source.size)); /* ": true, …" */
    return text_starts_with(rest, ":") && text_starts_with(text_trim(text_slice(rest, 1, rest.size)), "true");
}

/* A program in TypeScript is one if the project compiles its migrations, and is recorded as the compiled file
 * (packages/core/core/src/Strapi.ts, 5). */
static bool strapi_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                          const char **warning)
{
    if (!text_ends_with(text_of(file->filename), ".ts")) {
        return true;
    }
    if (!compiles(arena, folder)) {
        *warning = arena_printf(arena,
                                "%s is left out: strapi reads no TypeScript here, unless config/database says "
                                "useTypescriptMigrations.",
                                file->filename);
        return false;
    }
    file->name = arena_printf(arena, "%.*sjs", (int)(strlen(file->filename) - strlen("ts")), file->filename);
    return true;
}

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
            .sure_by = WORDS("package.json: @strapi/strapi & *.{js|ts|sql}", "package.json: strapi & *.{js|sql}"),
            .files = FILES({.pattern = ".*", .passed_over = true}, {.pattern = "*.d.ts", .passed_over = true},
                           {.pattern = "*.{js|ts}", .is_code = true}, {.pattern = "*.sql"}),
            .whole_names = true,
        },
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "strapi runs it when it starts, behind those that are applied already.",
            .missing_note = "strapi says nothing of it.",
        },
    .hooks = {.accept = strapi_accept},
};
