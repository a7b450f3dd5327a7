/*
 * Payload with PostgreSQL: programs recorded by their names without the ending. Facts read in @payloadcms/drizzle
 * (migrate.ts, createMigrationTable.ts).
 */
#include "framework/coded/code.h"
#include "framework/core/ledger.h"
#include "framework/formats/properties.h"

#include <string.h>

static const char *const adapters[] = {"@payloadcms/db-postgres", "@payloadcms/db-vercel-postgres", NULL};

/* ---- the folder ---- */

/* index.ts only lists the others. */
static bool payload_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    (void)warning;
    file->is_code = true;
    file->name = code_stem(arena, name, code_script_endings);
    return file->name != NULL && strcmp(file->name, "index") != 0;
}

static bool payload_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                         struct status *status)
{
    const struct listing_rule rule = {.accept = payload_accept, .compare = listing_by_name};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    code_drop_twins(files);
    return true;
}

static bool payload_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"payload.config.ts", "src/payload.config.ts", "payload.config.js",
                                        "src/payload.config.js", NULL};
    struct text source;
    const char *const name = code_config(arena, folder, names, &source);
    if (name == NULL || !code_has(source, adapters)) {
        return false;
    }
    folder->path = code_directory(arena, folder, name, source, "migrationDir");
    folder->ledger.schema = property_string(arena, source, (const char *const[]){"schemaName", NULL});
    return true;
}

static bool uses_payload(const char *name, bool is_directory, struct text head)
{
    (void)name;
    return !is_directory && code_has(head, adapters);
}

static bool payload_recognise(struct arena *arena, struct folder *folder)
{
    return code_recognise(arena, folder, NULL, uses_payload);
}

/* ---- the ledger ---- */

/* A row of batch -1 is no migration: the schema was pushed in development. */
static bool payload_read(struct ledger_reading *reading)
{
    struct ledger_entries *const entries = &reading->entries;
    size_t kept = 0;
    if (!ledger_read_rows(reading, "SELECT name AS key, batch::text AS id, created_at AS applied_at FROM %t "
                                   "ORDER BY created_at, id")) {
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

static void payload_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (\"id\" serial PRIMARY KEY NOT NULL, \"name\" varchar, \"batch\" numeric, "
                "\"updated_at\" timestamp(3) with time zone DEFAULT now() NOT NULL, "
                "\"created_at\" timestamp(3) with time zone DEFAULT now() NOT NULL);");
}

/* The batch is the one behind that of the last name. */
static void payload_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (name, batch, updated_at, created_at) SELECT %s, "
                "coalesce((SELECT batch FROM %t WHERE batch <> -1 ORDER BY name DESC LIMIT 1), 0) + 1, clock, clock "
                "FROM pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp()) AS clock;",
                record->name);
}

const struct framework framework_payload = {
    .id = "payload",
    .display_name = "Payload",
    .tool = "payload migrate",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "payload_migrations",
                .columns = "name:varchar batch:numeric updated_at:timestamptz created_at:timestamptz",
            },
            {0},
        },
    .folder.places = (const char *const[]){"src/migrations", "migrations", NULL},
    .hooks.configure = payload_configure,
    .hooks.recognise = payload_recognise,

    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "payload runs it, behind those that are applied already.",
            .missing_note = "payload says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/payload", NULL},
            .run = (const char *const[]){"migrate", NULL},
            /* The names of its templates. */
            .environment = (const char *const[]){"DATABASE_URI={url}", "POSTGRES_URL={url}", NULL},
        },
    .hooks.list = payload_list,
    .hooks.read_ledger = payload_read,
    .hooks.put_create = payload_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = payload_record,
};
