/*
 * node-pg-migrate: files of SQL or programs, recorded by their names without their ends. Facts seen with
 * node-pg-migrate 9.0.0.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/script.h"
#include "framework/formats/properties.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- the folder ---- */

/* Names begin with digits; programs end in one of these. */
static bool node_pg_migrate_accept(struct arena *arena, const char *name, struct migration_file *file,
                                   const char **warning)
{
    static const char *const endings[] = {".sql", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts"};
    const struct text digits = leading_digits(text_of(name));
    if (name[0] != '.' && digits.size == 0) {
        *warning = arena_printf(arena, "%s does not begin with a number: node-pg-migrate stops at it.", name);
        return false;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0] && digits.size > 0; i++) {
        if (text_ends_with(text_of(name), endings[i])) {
            file->name = arena_strndup(arena, name, strlen(name) - strlen(endings[i]));
            file->version = arena_strndup(arena, digits.data, digits.size);
            file->is_code = i > 0;
            return true;
        }
    }
    return false;
}

/* Seventeen digits are a time in UTC, to be compared with the milliseconds since 1970 that others are. */
static const char *number_of(const struct migration_file *file, char out[24])
{
    struct tm parts = {0};
    char time[15];
    if (strlen(file->version) != 17) {
        return file->version;
    }
    memcpy(time, file->version, 14);
    time[14] = '\0';
    if (strptime(time, "%Y%m%d%H%M%S", &parts) == NULL) {
        return file->version;
    }
    snprintf(out, 24, "%lld%s", (long long)timegm(&parts), file->version + 14);
    return out;
}

static int by_prefix(const struct migration_file *a, const struct migration_file *b)
{
    char first[24];
    char second[24];
    const int order = number_compare(text_of(number_of(a, first)), text_of(number_of(b, second)));
    return order != 0 ? order : listing_by_name(a, b);
}

static bool node_pg_migrate_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                                 struct status *status)
{
    const struct listing_rule rule = {.accept = node_pg_migrate_accept, .compare = by_prefix};
    return listing_read(arena, folder, &rule, files, status);
}

/* The settings that its CLI finds with the package "config", in its section "db". */
static bool node_pg_migrate_configure(struct arena *arena, struct folder *folder)
{
    static const char *const names[] = {"config/default.json", "config/production.json", NULL};
    struct text source;
    const char *const name = folder_first_file(arena, folder, names);
    if (name == NULL || !folder_depends_on(arena, folder, "node-pg-migrate") ||
        !folder_read(arena, folder, name, &source)) {
        return false;
    }
    const char *const directory = property_string(arena, source, (const char *const[]){"db", "migrations-dir", NULL});
    const char *const schema = property_string(arena, source, (const char *const[]){"db", "schema", NULL});
    const char *const own = property_string(arena, source, (const char *const[]){"db", "migrations-schema", NULL});
    folder->path = directory == NULL ? NULL : path_join(arena, folder->base, directory);
    folder->ledger.table = property_string(arena, source, (const char *const[]){"db", "migrations-table", NULL});
    folder->ledger.schema = own != NULL ? own : schema;
    folder->settings = schema != NULL ? schema : "public"; /* the search path */
    if (folder->path == NULL && folder->ledger.table == NULL && folder->ledger.schema == NULL) {
        return false;
    }
    folder->evidence = path_join(arena, folder->base, name);
    return true;
}

/* /^\s*--[\s-]*up\s+migration/i, for one line. */
static bool is_marker(struct text line, const char *direction)
{
    const size_t size = strlen(direction);
    line = text_trim(line);
    if (!text_starts_with(line, "--")) {
        return false;
    }
    while (line.size > 0 && (line.data[0] == '-' || isspace((unsigned char)line.data[0]) != 0)) {
        line = text_slice(line, 1, line.size);
    }
    if (line.size <= size || strncasecmp(line.data, direction, size) != 0 ||
        isspace((unsigned char)line.data[size]) == 0) {
        return false;
    }
    const struct text rest = text_trim(text_slice(line, size, line.size));
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
    if (folder->evidence == NULL) {
        folder->evidence =
            depends ? path_join(arena, folder->base, "package.json depends on node-pg-migrate")
                    : arena_printf(arena, "%s looks like node-pg-migrate's", path_join(arena, folder->path, name));
    }
    return true;
}

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
    const char *const schema = ledger->folder == NULL ? NULL : ledger->folder->settings;
    ledger_putf(sql, ledger, "SET search_path TO %i;", schema == NULL ? ledger->schema : schema);
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
    .ledger.shapes =
        (const struct ledger_shape[]){
            {.table = "pgmigrations", .columns = "id:int4 name:varchar run_on:timestamp", .only_columns = true},
            {0},
        },
    .folder.places = (const char *const[]){"migrations", "src/migrations", "db/migrations", NULL},
    .hooks.configure = node_pg_migrate_configure,
    .hooks.recognise = node_pg_migrate_recognise,

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
    .hooks.list = node_pg_migrate_list,
    .hooks.script = node_pg_migrate_script,
    .hooks.read_ledger = node_pg_migrate_read,
    .hooks.advisory_locks = node_pg_migrate_locks,
    .hooks.put_create = node_pg_migrate_create,
    .hooks.put_session = node_pg_migrate_session,
    .hooks.put_record = node_pg_migrate_record,
    .hooks.create_migration = node_pg_migrate_create_migration,
};
