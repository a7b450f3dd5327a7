/*
 * goose: numbered files with annotations, each version recorded with whether it is applied. Facts seen with
 * goose 3.27.3.
 */
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/formats/config.h"
#include "framework/formats/marked.h"

#include <stdlib.h>
#include <string.h>

static const struct marks marks = {.up = "+goose Up", .down = "+goose Down", .nocase = true};

/* ---- the folder ---- */

/* "00001_users.sql" is version 1. Programs are migrations, too; those without a number are helpers. */
static bool goose_accept(struct arena *arena, const char *name, struct migration_file *file, const char **warning)
{
    const struct text digits = leading_digits(text_of(name));
    const bool is_go = text_ends_with(text_of(name), ".go") && !text_ends_with(text_of(name), "_test.go");
    const bool is_sql = text_ends_with(text_of(name), ".sql");
    (void)warning;
    if (digits.size == 0 || digits.size > 18 || name[digits.size] != '_' || (!is_go && !is_sql)) {
        return false;
    }
    file->name = arena_strndup(arena, name, strlen(name) - strlen(is_go ? ".go" : ".sql"));
    file->key = file->version = arena_printf(arena, "%lld", strtoll(digits.data, NULL, 10));
    file->is_code = is_go;
    return strcmp(file->key, "0") != 0;
}

static bool goose_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                       struct status *status)
{
    const struct listing_rule rule = {.accept = goose_accept, .compare = listing_by_version};
    if (!listing_read(arena, folder, &rule, files, status)) {
        return false;
    }
    listing_warn_duplicates(arena, files);
    return true;
}

static bool goose_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, ".env", &content)) {
        return false;
    }
    const char *const directory = config_value(arena, content, NULL, "GOOSE_MIGRATION_DIR");
    folder->ledger.table = config_value(arena, content, NULL, "GOOSE_TABLE");
    folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
    folder->evidence = ".env names GOOSE_…";
    return directory != NULL || folder->ledger.table != NULL;
}

static bool has_up(const char *name, bool is_directory, struct text head)
{
    return !is_directory && text_ends_with(text_of(name), ".sql") && marked_has(head, marks.up, true);
}

static bool goose_recognise(struct arena *arena, struct folder *folder)
{
    return marked_recognise(arena, folder, &marks, has_up);
}

/* ${NAME:-default}: the default is in the file. What the environment of who runs goose would say is not known here, and
 * the worker's own, which has secrets, is not for scripts and previews. */
static const char *default_of(void *data, struct arena *arena, struct text name)
{
    const size_t dash = text_find(name, ":-", 0);
    const size_t plain = text_find(name, "-", 0);
    const size_t at = dash != SIZE_MAX ? dash + 2 : plain != SIZE_MAX ? plain + 1 : SIZE_MAX;
    (void)data;
    return at == SIZE_MAX ? NULL : arena_strndup(arena, name.data + at, name.size - at);
}

/* StatementBegin and StatementEnd are for goose's own splitter: PostgreSQL's parser needs no help. */
static bool goose_script(struct arena *arena, const struct project *project, const struct folder *folder,
                         const struct migration_file *file, struct text content, struct migration_script *script,
                         struct status *status)
{
    (void)project;
    (void)folder;
    script->each_alone = marked_has(content, "+goose NO TRANSACTION", true);
    if (!marked_script(arena, file, content, &marks, NULL, script, status)) {
        return false;
    }
    if (!marked_has(content, "+goose ENVSUB ON", true)) {
        return true;
    }
    struct text filled;
    if (!script_fill(arena, script->sql, "${", "}", default_of, NULL, false, &filled, status)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s: %s Here only ${NAME:-default} is filled in, with its default; run it with goose.",
                           file->filename, arena_strdup(arena, status->message));
    }
    script->sql = filled;
    return true;
}

static bool goose_create_migration(struct arena *arena, const struct folder *folder, const char *name, int64_t wall_us,
                                   const char **migration, const char **file, const char **content,
                                   struct status *status)
{
    (void)folder;
    *content = "-- +goose Up\n\n-- +goose Down\n";
    return name_with_time(arena, name, wall_us, '_', ".sql", migration, file, status);
}

/* ---- the ledger ---- */

/* The newest row of a version counts. tstamp is in the time zone of the session that wrote it; ours has the same
 * default. */
static bool goose_read(struct ledger_reading *reading)
{
    return ledger_read_rows(
        reading, "SELECT version_id::text AS key, CASE WHEN is_applied THEN NULL ELSE 'rolled_back' END AS state, "
                 "tstamp::timestamptz AS applied_at FROM (SELECT DISTINCT ON (version_id) * FROM %t "
                 "ORDER BY version_id, id DESC) newest WHERE version_id <> 0 ORDER BY id");
}

static void goose_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, "
                "is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now());"
                "INSERT INTO %t (version_id, is_applied) VALUES (0, true);");
}

static void goose_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger, "INSERT INTO %t (version_id, is_applied) VALUES (%r, true);", record->key);
}

const struct framework framework_goose = {
    .id = "goose",
    .display_name = "goose",
    .tool = "goose up",
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "goose_db_version",
                .columns = "id:int4 version_id:int8 is_applied:bool tstamp:timestamp",
                .by_shape = true,
            },
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "db/migrations", "sql/migrations", "internal/db/migrations",
                                           "sql/schema", NULL},
    .hooks.configure = goose_configure,
    .hooks.recognise = goose_recognise,

    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "goose stops at it (\"found missing migrations\") unless it is started with -allow-missing",
            .missing_note = "goose says nothing of it.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"bin/goose", "goose", NULL},
            .run = (const char *const[]){"up", NULL},
            .run_to = (const char *const[]){"up-to", "{version}", NULL},
            .environment = (const char *const[]){"GOOSE_DRIVER=postgres", "GOOSE_DBSTRING={url}", NULL},
        },
    .hooks.list = goose_list,
    .hooks.script = goose_script,
    .hooks.read_ledger = goose_read,
    .hooks.put_create = goose_create,
    .hooks.put_lock = ledger_lock_table,
    .hooks.put_record = goose_record,
    .hooks.create_migration = goose_create_migration,
};
