/*
 * Hasura: directories with up.sql; versions in hdb_catalog.schema_migrations (configuration v2), or in the CLI's state
 * in hdb_catalog.hdb_version (v3). Read in the source of its CLI 2.x: it needs its server and was not run.
 */
#include "framework/core/framework.h"

#include <string.h>

/* Does the file beside the script have content? */
static bool has_down(struct arena *arena, const struct migration_file *file)
{
    struct file_stamp stamp = {0};
    const char *const path = path_join(arena, path_above(arena, file->path), "down.sql");
    return file_look(path, &stamp) == FILE_REGULAR && stamp.size > 0;
}

/* Its command passes over files without content (IsEmptyFile of cli/migrate/source/parse.go). A version that only has
 * what undoes it is one to it, at which it stops (versionUpExists of cli/migrate/migrate.go). */
static bool hasura_accept(struct arena *arena, const struct folder *folder, struct migration_file *file,
                          const char **warning)
{
    (void)folder;
    if (!file->missing && file->stamp.size > 0) {
        return true;
    }
    file->missing = has_down(arena, file);
    *warning =
        file->missing
            ? arena_printf(arena, "Version %s has down.sql alone: hasura stops at it (\"%s up migration not found\").",
                           file->version, file->version)
            : arena_printf(arena, "%s is left out: it is empty or not there, and hasura passes over it.",
                           file->filename);
    return file->missing;
}

/* The database to which the folder belongs: "default" for migrations/default. */
static const char *source_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    const char *const slash = ledger->folder == NULL ? NULL : strrchr(ledger->folder->path, '/');
    (void)arena;
    (void)record;
    return slash == NULL || strcmp(slash, "/migrations") == 0 ? "default" : slash + 1;
}

#define MIGRATIONS "cli_state OPERATOR(pg_catalog.->) 'migrations'"
#define PUT_STATE(dirty)                                                                                               \
    "UPDATE {ledger} SET cli_state = pg_catalog.jsonb_set(pg_catalog.jsonb_set(pg_catalog.jsonb_set(cli_state, "       \
    "'{{migrations}', coalesce(" MIGRATIONS ", '{{}')), ARRAY['migrations', {source}], coalesce(" MIGRATIONS           \
    " OPERATOR(pg_catalog.->) {source}, '{{}')), ARRAY['migrations', {source}, {key}], '" dirty "');"
#define FORGET_STATE                                                                                                   \
    "UPDATE {ledger} SET cli_state = cli_state OPERATOR(pg_catalog.#-) ARRAY['migrations', {source}, {key}];"

#define PUT_VERSION(dirty)                                                                                             \
    "INSERT INTO {ledger} (version, dirty) VALUES ({key}, " dirty                                                      \
    ") ON CONFLICT (version) DO UPDATE SET dirty = excluded.dirty;"
#define FORGET_VERSION "DELETE FROM {ledger} WHERE version OPERATOR(pg_catalog.=) {key};"

/* The table of configuration v2, which exists in addition to hdb_version. */
static const struct ledger_facts versions = {
    .read = "SELECT version::pg_catalog.text AS key, CASE WHEN dirty THEN 'failed' END AS state FROM {ledger} "
            "ORDER BY version",
    .create = "CREATE TABLE {ledger} (version bigint not null primary key, dirty boolean not null);",
    .lock = LOCK_LEDGER,
    .record = PUT_VERSION("false"),
    .start = PUT_VERSION("true"),
    .forget = FORGET_VERSION,
    .mark_rolled_back = FORGET_VERSION,
};

extern const struct framework framework_hasura;

static const struct ledger_facts *hasura_variant(const struct ledger *ledger)
{
    return strcmp(ledger->table, "hdb_version") == 0 ? &framework_hasura.ledger : &versions;
}

const struct framework framework_hasura = {
    .id = "hasura",
    .display_name = "Hasura",
    .tool = "hasura migrate apply",
    .sent_unwrapped = SENT_WHOLE,
    .ledger =
        {
            .shapes = SHAPES({.table = "hdb_version", .columns = "version:text cli_state:jsonb"},
                             {.table = "schema_migrations",
                              .columns = "version:int8 dirty:bool",
                              .only_columns = true,
                              .with = "hdb_version"}),
            .schema = "hdb_catalog",
            .failed_entry_blocks = true,
            .failed_note = "hasura says that the migration is dirty",
            .read =
                "SELECT key, CASE WHEN value OPERATOR(pg_catalog.=) 'true' THEN 'failed' END AS state FROM {ledger}, "
                "pg_catalog.jsonb_each(coalesce(" MIGRATIONS " OPERATOR(pg_catalog.->) {source}, '{{}')) ORDER BY key",
            /* Its server makes it, with the key of an installation. */
            .create =
                "DO {'BEGIN RAISE object_not_in_prerequisite_state USING MESSAGE = pg_catalog.format('The tracking "
                "table %s is made by Hasura''s server: start that with this database once, then run again.', "
                "{'{ledger}'}); END'};",
            .lock = LOCK_LEDGER,
            .record = PUT_STATE("false"),
            .start = PUT_STATE("true"),
            .forget = FORGET_STATE,
            .mark_rolled_back = FORGET_STATE,
            .words = (const struct ledger_word[]){{.name = "source", .text = source_of}, {0}},
        },
    .folder =
        {
            .places = WORDS("migrations/default", "migrations", "hasura/migrations/default", "hasura/migrations"),
            /* Its configuration is next to the folder, or one above if the folder is for one database. */
            .sure_by = WORDS("config.yaml & {number}_*/ & metadata/"),
            .likely_by = WORDS("config.yaml & {number:13}*/"),
            .files =
                FILES({.pattern = "{number}_*"},
                      {.pattern = "{number}",
                       .passed_over = true,
                       .warning = "is left out: hasura passes over directories without a name behind the number."}),
            .script = "up.sql",
            .key = KEY_NUMBER, /* cli/migrate/source/parse.go: its state has "7" for 007_users */
            .order = ORDER_OF_NUMBERS,
            .alone = {ALONE_FIRST_LINE, "-- hasura:no-transaction"},
        },
    .habits =
        {
            .late = LATE_RUNS,
            .late_note = "hasura runs it, after those that are applied already.",
            .missing_note = "hasura shows it as present on the database only.",
        },
    .hooks = {.accept = hasura_accept, .variant = hasura_variant},
};
