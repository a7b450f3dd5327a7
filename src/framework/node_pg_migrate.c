/*
 * node-pg-migrate: files of SQL or programs, recorded by their names without their ends. Facts seen with
 * node-pg-migrate 9.0.0.
 */
#include "framework/layout.h"
#include "framework/ledger.h"
#include "framework/listing.h"
#include "framework/script.h"

#include <string.h>
#include <strings.h>

/* ---- the folder ---- */

/* Names begin with digits; programs end in one of these. */
static bool node_pg_migrate_accept(struct arena *arena, const char *name, struct migration_file *file,
                                   const char **warning)
{
    static const char *const endings[] = {".sql", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts"};
    const struct text digits = leading_digits(text_of(name));
    (void)warning;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0] && digits.size > 0; i++) {
        if (text_ends_with(text_of(name), endings[i]) && !text_ends_with(text_of(name), ".d.ts")) {
            file->name = arena_strndup(arena, name, strlen(name) - strlen(endings[i]));
            file->version = arena_strndup(arena, digits.data, digits.size);
            file->is_code = i > 0;
            return true;
        }
    }
    return false;
}

static bool node_pg_migrate_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                                 struct status *status)
{
    const struct listing_rule rule = {.accept = node_pg_migrate_accept, .compare = listing_by_version};
    return listing_read(arena, folder, &rule, files, status);
}

/* "-- Up Migration", with any blanks and dashes before it. */
static bool is_marker(struct text line, const char *first)
{
    size_t at = 0;
    line = text_trim(line);
    if (!text_starts_with(line, "--")) {
        return false;
    }
    while (at < line.size && strchr("- \t", line.data[at]) != NULL) {
        at++;
    }
    const struct text words = text_slice(line, at, line.size);
    const size_t size = strlen(first);
    if (words.size < size || strncasecmp(words.data, first, size) != 0) {
        return false;
    }
    const struct text rest = text_trim(text_slice(words, size, words.size));
    return rest.size >= strlen("migration") && strncasecmp(rest.data, "migration", strlen("migration")) == 0;
}

static bool is_up(struct text line)
{
    return is_marker(line, "up");
}

static bool is_down(struct text line)
{
    return is_marker(line, "down");
}

static bool has_mark(const char *name, bool is_directory, struct text head)
{
    size_t behind;
    const bool is_script =
        text_ends_with(text_of(name), ".sql") && script_find_line(head, 0, is_up, &behind) != SIZE_MAX;
    return !is_directory && leading_digits(text_of(name)).size > 0 &&
           (is_script || text_find(head, "pgm", 0) != SIZE_MAX);
}

static bool node_pg_migrate_recognise(struct arena *arena, struct folder *folder)
{
    const bool depends = folder_depends_on(arena, folder, "node-pg-migrate");
    const char *const name = folder_any(arena, folder, has_mark);
    if (!depends && name == NULL) {
        return false;
    }
    folder->confidence = depends ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    folder->evidence =
        depends ? path_join(arena, folder->base, "package.json depends on node-pg-migrate")
                : arena_printf(arena, "%s looks like node-pg-migrate's", path_join(arena, folder->path, name));
    return true;
}

static const struct layout node_pg_migrate_layout = {
    .places = (const char *const[]){"migrations", "src/migrations", "db/migrations", NULL},
    .recognise = node_pg_migrate_recognise,
};

/* Without an up line the whole file is up, a down part included: so its own tool runs it. */
static bool node_pg_migrate_script(struct arena *arena, const struct project *project, const struct folder *folder,
                                   const struct migration_file *file, struct text content,
                                   struct migration_script *script, struct status *status)
{
    size_t behind;
    (void)project;
    (void)folder;
    const size_t up = script_find_line(content, 0, is_up, &behind);
    const size_t down = script_find_line(content, 0, is_down, &behind);
    if (up == SIZE_MAX && down != SIZE_MAX) {
        return status_fail(
            status, STATUS_FAILED_PRECONDITION,
            "%s has a line \"-- Down Migration\" and none \"-- Up Migration\": node-pg-migrate would run both parts. "
            "Add the line.",
            file->filename);
    }
    if (up != SIZE_MAX) {
        script->sql = script_keep(arena, content, up, down == SIZE_MAX || down < up ? content.size : down);
    }
    return true;
}

static bool node_pg_migrate_create_migration(struct arena *arena, const struct folder *folder, const char *name,
                                             int64_t wall_us, const char **migration, const char **file,
                                             const char **content, struct status *status)
{
    (void)folder;
    const char *const slug = name_slug(arena, name, '-', status);
    if (slug == NULL) {
        return false;
    }
    *migration = arena_printf(arena, "%lld_%s", (long long)(wall_us / 1000), slug);
    *file = arena_printf(arena, "%s.sql", *migration);
    *content = "-- Up Migration\n\n-- Down Migration\n";
    return true;
}

/* ---- the ledger ---- */

static bool node_pg_migrate_read(struct ledger_reading *reading)
{
    return ledger_read_rows(reading, "SELECT name AS key, id::text AS id, run_on::timestamptz AS applied_at FROM %t "
                                     "ORDER BY run_on, id");
}

static void node_pg_migrate_create(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger,
                "CREATE TABLE %t (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);");
}

static void node_pg_migrate_session(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "SET search_path TO %S;");
}

/* run_on is a time without a zone, and the rows are compared in its order: one that was written by a session of another
 * zone must not be later than ours. */
static void node_pg_migrate_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    ledger_putf(sql, ledger,
                "INSERT INTO %t (name, run_on) SELECT %s, greatest(pg_catalog.now()::timestamp, max(run_on)) FROM %t;",
                record->name);
}

static size_t node_pg_migrate_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    (void)database;
    keys[0] = INT64_C(7241865325823964);
    return 1;
}

const struct framework framework_node_pg_migrate = {
    .id = "node-pg-migrate",
    .display_name = "node-pg-migrate",
    .tool = "node-pg-migrate up",
    .ledgers =
        (const struct ledger_shape[]){
            {.table = "pgmigrations", .columns = "id:int4 name:varchar run_on:timestamp", .only_columns = true},
            {0},
        },
    .layout = &node_pg_migrate_layout,
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note =
                "node-pg-migrate stops at it (\"is preceding already run migration\") unless it is started with "
                "--no-check-order.",
            .missing_blocks = true,
            .missing_note = "node-pg-migrate stops at it unless it is started with --no-check-order.",
        },
    .delegate =
        &(const struct delegate){
            .programs = (const char *const[]){"node_modules/.bin/node-pg-migrate", NULL},
            .run = (const char *const[]){"up", NULL},
            .run_to = (const char *const[]){"up", "{name}", NULL},
        },
    .list = node_pg_migrate_list,
    .script = node_pg_migrate_script,
    .read_ledger = node_pg_migrate_read,
    .advisory_locks = node_pg_migrate_locks,
    .create = node_pg_migrate_create,
    .session = node_pg_migrate_session,
    .record = node_pg_migrate_record,
    .create_migration = node_pg_migrate_create_migration,
};
