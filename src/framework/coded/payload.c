/*
 * Payload with PostgreSQL: programs recorded by their names without the suffix. Facts read in @payloadcms/drizzle
 * (migrate.ts, createMigrationTable.ts).
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"
#include "framework/core/reading.h"
#include "framework/formats/properties.h"

#include <string.h>

#define ADAPTER "@payloadcms/db-postgres"

/* Without migrationDir the first of these that is there counts, alone (findMigrationDir.ts): beside src is what was
 * compiled of it. */
static const char *usual_directory(struct arena *arena, const struct folder *folder)
{
    static const char *const usual[] = {"src/migrations", "dist/migrations", "migrations"};
    size_t i = 0;
    while (i < sizeof usual / sizeof usual[0] && folder_look(arena, folder, usual[i]) != FILE_DIRECTORY) {
        i++;
    }
    return i == sizeof usual / sizeof usual[0] ? NULL : path_join(arena, folder->base, usual[i]);
}

static bool payload_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"payload.config.ts", "src/payload.config.ts", "payload.config.js",
                                        "src/payload.config.js", NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL || !code_has(source, WORDS(ADAPTER, "@payloadcms/db-vercel-postgres"))) {
        return false;
    }
    folder->path = code_directory(arena, folder, name, source, "migrationDir");
    if (folder->path == NULL && folder->unread == NULL) {
        folder->path = usual_directory(arena, folder);
    }
    folder->ledger.schema = code_ledger_name(arena, folder, name, source, WORDS("schemaName"));
    return true;
}

/* It records the name up to its first dot (readMigrationFiles.ts). */
static bool payload_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                           const char **warning)
{
    (void)folder;
    (void)warning;
    file->name = arena_strndup(arena, file->filename, strcspn(file->filename, "."));
    return true;
}

extern const struct framework framework_payload;

/* A row with batch -1 is not a migration: it records that the schema was pushed in development. */
static bool payload_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    size_t kept = 0;
    if (!ledger_read_facts(reading, &framework_payload.ledger)) {
        return false;
    }
    for (size_t i = 0; i < entries->count; i++) {
        if (entries->items[i].id == NULL || strcmp(entries->items[i].id, "-1") != 0) {
            entries->items[kept++] = entries->items[i];
        }
    }
    if (kept < entries->count) {
        ledger_warn(reading,
                    "The schema was pushed by Payload in development mode (row \"dev\"): \"payload migrate\" asks "
                    "before it goes on, and without a terminal it does nothing.");
    }
    entries->count = kept;
    return true;
}

const struct framework framework_payload = {
    .id = "payload",
    .display_name = "Payload",
    .tool = "payload migrate",
    .ledger =
        {
            .shapes = SHAPES({
                .table = "payload_migrations",
                .columns = "name:varchar batch:numeric updated_at:timestamptz created_at:timestamptz",
            }),
            .read = "SELECT name AS key, batch::pg_catalog.text AS id, created_at AS applied_at FROM {ledger} "
                    "ORDER BY created_at, id",
            .create = "CREATE TABLE {ledger} (\"id\" serial PRIMARY KEY NOT NULL, \"name\" varchar, \"batch\" numeric, "
                      "\"updated_at\" timestamp(3) with time zone DEFAULT pg_catalog.now() NOT NULL, "
                      "\"created_at\" timestamp(3) with time zone DEFAULT pg_catalog.now() NOT NULL);",
            .lock = LOCK_LEDGER,
            /* The batch is the one after that of the last name. */
            .record =
                "INSERT INTO {ledger} (name, batch, updated_at, created_at) VALUES ({name}, coalesce((SELECT batch "
                "FROM {ledger} WHERE batch OPERATOR(pg_catalog.<>) -1 ORDER BY name DESC LIMIT 1), 0) "
                "OPERATOR(pg_catalog.+) 1, {clock:ms}, {clock:ms});",
        },
    .folder =
        {
            .places = WORDS("src/migrations", "dist/migrations", "migrations"),
            .sure_by = WORDS("*: " ADAPTER "|@payloadcms/db-vercel-postgres"),
            /* index.ts only lists the others. */
            .files = FILES({.pattern = "index.*", .passed_over = true}, {.pattern = ".*", .passed_over = true},
                           {.pattern = "*.d.ts", .passed_over = true}, {.pattern = "*.{ts|js}", .is_code = true}),
            .drops_twins = true,
        },
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "payload runs it, after those that are applied already.",
            .missing_note = "payload says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = WORDS("node_modules/.bin/payload"),
            .run = WORDS("migrate"),
            /* The names used in its templates. */
            .environment = WORDS("DATABASE_URI={url}", "POSTGRES_URL={url}"),
        },
    .hooks = {.configure = payload_configure, .accept = payload_accept, .read_ledger = payload_read},
};
