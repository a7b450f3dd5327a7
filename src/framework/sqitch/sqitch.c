/*
 * Sqitch: a plan of changes, a registry of six tables. Facts seen with Sqitch 1.3.1. Its scripts carry BEGIN and COMMIT
 * themselves, which the core makes one with the rows.
 */
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/formats/config.h"
#include "framework/sqitch/sqitch_plan.h"

#include <string.h>

#define PLAN_LIMIT ((size_t)16 * 1024 * 1024)

/* ---- the folder ---- */

static bool sqitch_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    const char *const root = path_join(arena, folder->root, folder->path);
    struct text content;
    *files = (struct migration_files){0};
    if (!file_read(arena, path_join(arena, root, "sqitch.plan"), PLAN_LIMIT, &content, status)) {
        return false;
    }
    const struct sqitch_plan *const plan = sqitch_plan_parse(arena, content, status);
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        const struct sqitch_change *const change = &plan->changes[i];
        struct migration_file *const file = listing_add(arena, files);
        *file = (struct migration_file){.name = change->name,
                                        .key = change->id,
                                        .filename = change->script,
                                        .path = path_join(arena, root, change->script),
                                        .own = change};
        file->missing = file_look(file->path, &file->stamp) != FILE_REGULAR;
    }
    return plan != NULL;
}

static bool sqitch_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, "sqitch.conf", &content)) {
        return false;
    }
    const char *const top = config_value(arena, content, "core", "top_dir");
    const char *const registry = config_value(arena, content, "engine \"pg\"", "registry");
    folder->path = path_join(arena, folder->base, top == NULL || strcmp(top, ".") == 0 ? "" : top);
    folder->path = folder->path[0] == '\0' ? "." : folder->path;
    folder->ledger = (struct ledger){.schema = registry, .table = registry == NULL ? NULL : "changes"};
    folder->evidence = path_join(arena, folder->base, "sqitch.conf");
    return true;
}

static bool is_plan(const char *name, bool is_directory, struct text head)
{
    (void)head;
    return !is_directory && strcmp(name, "sqitch.plan") == 0;
}

static bool sqitch_recognise(struct arena *arena, struct folder *folder)
{
    if (folder_any(arena, folder, is_plan) == NULL) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = path_join(arena, folder->path, "sqitch.plan");
    return true;
}

/* ---- the ledger ---- */

static bool sqitch_read(struct ledger_reading *reading)
{
    struct buffer query = {.arena = reading->arena};
    buffer_puts(&query,
                "SELECT change_id AS key, change AS name, script_hash AS checksum, committed_at AS applied_at FROM %t");
    if (reading->files->count > 0) { /* other projects may have the same registry */
        const struct sqitch_change *const change = reading->files->items[0].own;
        struct buffer project = {.arena = reading->arena};
        pg_quote_literal(&project, text_of(change->plan->project));
        for (size_t i = 0; i < project.size; i++) {
            buffer_puts(&query, i == 0 ? " WHERE project = " : "");
            buffer_puts(&query, project.data[i] == '%' ? "%" : "");
            buffer_putc(&query, project.data[i]);
        }
    }
    buffer_puts(&query, " ORDER BY committed_at");
    return ledger_read_rows(reading, buffer_string(&query));
}

static struct ledger beside(const struct ledger *ledger, const char *table)
{
    return (struct ledger){.schema = ledger->schema, .table = table};
}

/* As its engine makes them (App/Sqitch/Engine/pg.sql, registry 1.1), without the comments. */
static void sqitch_create(struct buffer *sql, const struct ledger *ledger)
{
#define PLANNING "planned_at timestamptz NOT NULL, planner_name text NOT NULL, planner_email text NOT NULL"
#define COMMIT_                                                                                                        \
    "committed_at timestamptz NOT NULL DEFAULT clock_timestamp(), committer_name text NOT NULL, committer_email text " \
    "NOT NULL"
    static const struct {
        const char *table;
        const char *definition;
    } tables[] = {
        {"releases",
         "CREATE TABLE %t (version real PRIMARY KEY, installed_at timestamptz NOT NULL DEFAULT clock_timestamp(), "
         "installer_name text NOT NULL, installer_email text NOT NULL);"
         "INSERT INTO %t (version, installer_name, installer_email) VALUES (1.1, 'Truss', 'truss@localhost');"},
        {"projects",
         "CREATE TABLE %t (project text PRIMARY KEY, uri text NULL UNIQUE, created_at timestamptz NOT NULL DEFAULT "
         "clock_timestamp(), creator_name text NOT NULL, creator_email text NOT NULL);"},
        {"changes", "CREATE TABLE %t (change_id text PRIMARY KEY, script_hash text NULL, change text NOT NULL, project "
                    "text NOT NULL "
                    "REFERENCES %S.projects(project) ON UPDATE CASCADE, note text NOT NULL DEFAULT '', " COMMIT_
                    ", " PLANNING ", UNIQUE(project, script_hash));"},
        {"tags", "CREATE TABLE %t (tag_id text PRIMARY KEY, tag text NOT NULL, project text NOT NULL REFERENCES "
                 "%S.projects(project) "
                 "ON UPDATE CASCADE, change_id text NOT NULL REFERENCES %S.changes(change_id) ON UPDATE CASCADE, "
                 "note text NOT NULL DEFAULT '', " COMMIT_ ", " PLANNING ", UNIQUE(project, tag));"},
        {"dependencies", "CREATE TABLE %t (change_id text NOT NULL REFERENCES %S.changes(change_id) ON UPDATE CASCADE "
                         "ON DELETE CASCADE, "
                         "type text NOT NULL, dependency text NOT NULL, dependency_id text NULL REFERENCES "
                         "%S.changes(change_id) ON UPDATE CASCADE "
                         "CONSTRAINT dependencies_check CHECK ((type = 'require' AND dependency_id IS NOT NULL) OR "
                         "(type = 'conflict' AND "
                         "dependency_id IS NULL)), PRIMARY KEY (change_id, dependency));"},
        {"events",
         "CREATE TABLE %t (event text NOT NULL CONSTRAINT events_event_check CHECK (event IN ('deploy', 'revert', "
         "'fail', 'merge')), "
         "change_id text NOT NULL, change text NOT NULL, project text NOT NULL REFERENCES %S.projects(project) ON "
         "UPDATE CASCADE, "
         "note text NOT NULL DEFAULT '', requires text[] NOT NULL DEFAULT '{}', conflicts text[] NOT NULL DEFAULT "
         "'{}', "
         "tags text[] NOT NULL DEFAULT '{}', " COMMIT_ ", " PLANNING ", PRIMARY KEY (change_id, committed_at));"},
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const struct ledger table = beside(ledger, tables[i].table);
        ledger_putf(sql, &table, tables[i].definition);
    }
}

static void put_array(struct buffer *sql, const char *const *names)
{
    buffer_puts(sql, "ARRAY[");
    for (size_t i = 0; names[i] != NULL; i++) {
        buffer_puts(sql, i == 0 ? "" : ", ");
        pg_quote_literal(sql, text_of(names[i]));
    }
    buffer_puts(sql, "]::text[]");
}

#define COMMITTER "'Truss', 'truss@localhost'"

static void put_planning(struct buffer *sql, const struct ledger *ledger, const struct sqitch_planning *planning)
{
    ledger_putf(sql, ledger, "%s::timestamptz, %s, %s", planning->at, planning->name, planning->email);
}

static void put_dependencies(struct buffer *sql, const struct ledger *ledger, const struct sqitch_change *change)
{
    const struct ledger table = beside(ledger, "dependencies");
    const size_t own = (size_t)(change - change->plan->changes);
    for (size_t i = 0; change->requires[i] != NULL; i++) {
        const struct sqitch_change *const required = sqitch_plan_find(change->plan, change->requires[i], own);
        if (required != NULL) {
            ledger_putf(sql, &table,
                        "INSERT INTO %t (change_id, type, dependency, dependency_id) VALUES (%s, 'require', %s, %s);",
                        change->id, change->requires[i], required -> id);
        }
    }
    for (size_t i = 0; change->conflicts[i] != NULL; i++) {
        ledger_putf(sql, &table,
                    "INSERT INTO %t (change_id, type, dependency, dependency_id) VALUES (%s, 'conflict', %s, NULL);",
                    change->id, change->conflicts[i]);
    }
}

static void put_tags(struct buffer *sql, const struct ledger *ledger, const struct sqitch_change *change)
{
    const struct ledger table = beside(ledger, "tags");
    for (size_t i = 0; i < change->tag_count; i++) {
        const struct sqitch_tag *const tag = &change->tags[i];
        ledger_putf(sql, &table,
                    "INSERT INTO %t (tag_id, tag, project, change_id, note, committer_name, committer_email, "
                    "planned_at, planner_name, "
                    "planner_email) VALUES (%s, %s, %s, %s, %s, " COMMITTER ", ",
                    tag->id, tag->name, change->plan->project, change->id, tag->planning.note);
        put_planning(sql, ledger, &tag->planning);
        buffer_puts(sql, ");");
    }
}

static void put_event(struct buffer *sql, const struct ledger *ledger, const struct sqitch_change *change)
{
    const struct ledger table = beside(ledger, "events");
    const char **const tags = arena_array(sql->arena, change->tag_count + 1, sizeof *tags);
    for (size_t i = 0; i < change->tag_count; i++) {
        tags[i] = change->tags[i].name;
    }
    ledger_putf(sql, &table,
                "INSERT INTO %t (event, change_id, change, project, note, requires, conflicts, tags, committer_name, "
                "committer_email, "
                "planned_at, planner_name, planner_email) VALUES ('deploy', %s, %s, %s, %s, ",
                change->id, change->name, change->plan->project, change->planning.note);
    put_array(sql, change->requires);
    buffer_puts(sql, ", ");
    put_array(sql, change->conflicts);
    buffer_puts(sql, ", ");
    put_array(sql, tags);
    buffer_puts(sql, ", " COMMITTER ", ");
    put_planning(sql, ledger, &change->planning);
    buffer_puts(sql, ");");
}

static void sqitch_record(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct sqitch_change *const change = record->file->own;
    const struct ledger projects = beside(ledger, "projects");
    ledger_putf(sql, &projects,
                "INSERT INTO %t (project, uri, creator_name, creator_email) VALUES (%s, %s, " COMMITTER
                ") ON CONFLICT DO NOTHING;",
                change->plan->project, change->plan->uri);
    ledger_putf(
        sql, ledger,
        "INSERT INTO %t (change_id, script_hash, change, project, note, committer_name, committer_email, planned_at, "
        "planner_name, planner_email) VALUES (%s, %s, %s, %s, %s, " COMMITTER ", ",
        change->id, record->checksum, change->name, change->plan->project, change->planning.note);
    put_planning(sql, ledger, &change->planning);
    buffer_puts(sql, ");");
    put_dependencies(sql, ledger, change);
    put_tags(sql, ledger, change);
    put_event(sql, ledger, change);
}

static void sqitch_lock(struct buffer *sql, const struct ledger *ledger)
{
    ledger_putf(sql, ledger, "LOCK TABLE %t IN EXCLUSIVE MODE;");
}

static size_t sqitch_locks(const struct ledger *ledger, const char *database, int64_t *keys)
{
    (void)ledger;
    (void)database;
    keys[0] = 75474063;
    return 1;
}

const struct framework framework_sqitch = {
    .id = "sqitch",
    .display_name = "Sqitch",
    .tool = "sqitch deploy",
    .sent = SENT_EACH,
    .ledger.shapes =
        (const struct ledger_shape[]){
            {
                .table = "changes",
                .columns =
                    "change_id:text script_hash:text change:text project:text note:text committed_at:timestamptz "
                    "committer_name:text committer_email:text planned_at:timestamptz planner_name:text "
                    "planner_email:text",
            },
            {0},
        },
    .ledger.schema = "sqitch",
    .folder.places = (const char *const[]){".", "sqitch", "db", "database", NULL},
    .hooks.configure = sqitch_configure,
    .hooks.recognise = sqitch_recognise,

    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "sqitch stops at it: a change in the middle of the plan alters the ids of all that follow.",
            .edited_note = "sqitch deploy does not look at it; sqitch check tells of it.",
            .missing_blocks = true,
            .missing_note = "sqitch stops (\"Cannot find change\") where its plan has no such change; where only the "
                            "script is gone "
                            "it does not care.",
        },
    .ledger.records_in_order = true,
    .folder.checksum = "SHA1",
    .hooks.list = sqitch_list,
    .hooks.read_ledger = sqitch_read,
    .hooks.advisory_locks = sqitch_locks,
    .hooks.put_create = sqitch_create,
    .hooks.put_lock = sqitch_lock,
    .hooks.put_record = sqitch_record,
};
