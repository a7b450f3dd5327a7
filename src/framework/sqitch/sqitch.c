/*
 * Sqitch: a plan of changes, a registry of six tables. Facts measured with Sqitch 1.3.1. Its scripts contain BEGIN and
 * COMMIT themselves; the core puts them and the rows into one transaction.
 */
#include "base/words.h"
#include "framework/core/inner_path.h"
#include "framework/core/layout.h"
#include "framework/core/ledger.h"
#include "framework/core/listing.h"
#include "framework/core/script_data.h"
#include "framework/formats/config.h"
#include "framework/sqitch/sqitch_plan.h"
#include "pg/values.h"

#include <string.h>

#define PLAN_LIMIT ((size_t)16 * 1024 * 1024)

/* ---- the folder ---- */

static const struct sqitch_place *place_of(const struct folder *folder)
{
    return folder->settings == NULL ? &sqitch_usual : folder->settings;
}

static bool sqitch_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    struct sqitch_place place = *place_of(folder);
    struct text content;
    *files = (struct migration_files){0};
    place.root = path_join(arena, folder->root, folder->path);
    if (!file_read(arena, path_join(arena, place.root, place.plan), PLAN_LIMIT, &content, status)) {
        return false;
    }
    const struct sqitch_plan *const plan = sqitch_plan_parse(arena, content, &place, status);
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        const struct sqitch_change *const change = &plan->changes[i];
        struct migration_file *const file = listing_add(arena, files);
        *file = (struct migration_file){.name = change->name,
                                        .key = change->id,
                                        .filename = change->script,
                                        .path = path_join(arena, place.root, change->script),
                                        .own = change};
        file->missing = file_look(file->path, &file->stamp) != FILE_REGULAR;
    }
    if (place.verifies && plan != NULL && plan->count > 0) {
        listing_warn(
            arena, files,
            "sqitch.conf has deploy.verify: sqitch runs the verify script of each change, and undoes the change "
            "if that fails. Truss runs none: run `sqitch verify` after a run.");
    }
    return plan != NULL;
}

/* Before anything runs Sqitch looks at the conflicts of all changes that are to be deployed: with what is deployed,
 * with changes that come before in the plan, and with names that the plan does not have (Engine.pm,
 * check_deploy_dependencies; Plan/Depend.pm). What is deployed, put_demand asks. */
static bool check_conflict(const struct sqitch_plan *plan, const struct sqitch_change *change, const char *conflict,
                           struct status *status)
{
    const struct sqitch_change *const other = sqitch_plan_find(plan, conflict, plan->count);
    if (strchr(conflict, ':') != NULL || strspn(conflict, "0123456789abcdef") == SQITCH_ID_SIZE) {
        return true;
    }
    if (other == NULL) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "The change \"%s\" conflicts with \"%s\", which is not in the plan: sqitch stops there "
                           "(\"Unable to find change\").",
                           change->name, conflict);
    }
    return other >= change ||
           status_fail(status, STATUS_FAILED_PRECONDITION,
                       "The change \"%s\" conflicts with \"%s\", which comes before it in the plan: sqitch deploys "
                       "neither.",
                       change->name, conflict);
}

static bool sqitch_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                                struct status *status)
{
    const struct sqitch_change *const first = files->count == 0 ? NULL : files->items[0].own;
    bool ok = true;
    (void)arena;
    (void)folder;
    for (size_t i = 0; first != NULL && ok && i < first->plan->count; i++) {
        const struct sqitch_change *const change = &first->plan->changes[i];
        for (size_t j = 0; ok && change->conflicts[j] != NULL; j++) {
            ok = check_conflict(first->plan, change, change->conflicts[j], status);
        }
    }
    return ok;
}

/* The value that counts for the target (Target.pm, _fetch); NULL: none is set. */
static const char *said_of(struct arena *arena, struct text content, const char *target, const char *key)
{
    const char *const sections[] = {arena_printf(arena, "target \"%s\"", target), "engine \"pg\"", "core \"pg\"",
                                    "core"};
    const char *value = NULL;
    for (size_t i = target[0] == '\0' ? 1 : 0; value == NULL && i < sizeof sections / sizeof sections[0]; i++) {
        value = config_value(arena, content, sections[i], key);
    }
    return value;
}

/* The name of the usual target; "": it is a URI, or there is none. */
static const char *target_of(struct arena *arena, struct text content)
{
    const char *target = config_value(arena, content, "core", "target");
    target = target == NULL ? config_value(arena, content, "engine \"pg\"", "target") : target;
    return target == NULL || strchr(target, ':') != NULL ? "" : target;
}

/* A path of the configuration, relative to the folder; `usual` if it says none. */
static const char *path_said(struct arena *arena, const struct folder *folder, const char *said, const char *usual)
{
    if (said == NULL) {
        return usual;
    }
    const char *const path = plain_path(arena, path_join(arena, folder->base, said));
    return path_seen_from(arena, path, plain_path(arena, folder->path));
}

/* Where the scripts of reworked changes are; NULL: in "deploy" of the top directory, whatever deploy_dir says. */
static const char *reworked_of(struct arena *arena, struct text content, const char *target)
{
    const char *const directory = said_of(arena, content, target, "reworked_deploy_dir");
    const char *const above = directory != NULL ? NULL : said_of(arena, content, target, "reworked_dir");
    return above == NULL ? directory : path_join(arena, above, "deploy");
}

static bool sqitch_configure(struct arena *arena, struct folder *folder)
{
    struct text content;
    if (!folder_read(arena, folder, "sqitch.conf", &content)) {
        return false;
    }
    const char *const target = target_of(arena, content);
    const char *const top = said_of(arena, content, target, "top_dir");
    const char *const registry = said_of(arena, content, target, "registry");
    const char *const extension = said_of(arena, content, target, "extension");
    const char *const verifies = config_value(arena, content, "deploy", "verify");
    struct sqitch_place *const place = arena_alloc(arena, sizeof *place);
    folder->path = path_join(arena, folder->base, top == NULL || strcmp(top, ".") == 0 ? "" : top);
    folder->path = folder->path[0] == '\0' ? "." : folder->path;
    folder->ledger = (struct ledger){.schema = registry, .table = registry == NULL ? NULL : "changes"};
    folder->evidence = path_join(arena, folder->base, "sqitch.conf");
    *place = sqitch_usual;
    place->plan = path_said(arena, folder, said_of(arena, content, target, "plan_file"), place->plan);
    place->deploy = path_said(arena, folder, said_of(arena, content, target, "deploy_dir"), place->deploy);
    place->reworked = path_said(arena, folder, reworked_of(arena, content, target), place->reworked);
    place->extension = extension == NULL ? place->extension : extension;
    place->verifies = verifies != NULL && word_is_one_of(text_of(verifies), WORDS("true", "yes", "on", "1"));
    folder->settings = place;
    return true;
}

static bool sqitch_recognise(struct arena *arena, struct folder *folder)
{
    const char *const plan = path_join(arena, folder->path, place_of(folder)->plan);
    if (file_look(path_join(arena, folder->root, plan), NULL) != FILE_REGULAR) {
        return false;
    }
    folder->confidence = CONFIDENCE_CERTAIN;
    folder->evidence = plain_path(arena, plan);
    return true;
}

/* ---- the ledger ---- */

static bool sqitch_read(struct ledger_reading *reading)
{
    struct buffer query = {.arena = reading->arena};
    buffer_puts(&query,
                "SELECT change_id AS key, change AS name, script_hash AS checksum, committed_at AS applied_at FROM %t");
    if (reading->files->count > 0) { /* other projects may use the same registry */
        const struct sqitch_change *const change = reading->files->items[0].own;
        struct buffer project = {.arena = reading->arena};
        pg_quote_literal(&project, text_of(change->plan->project));
        for (size_t i = 0; i < project.size; i++) {
            buffer_puts(&query, i == 0 ? " WHERE project OPERATOR(pg_catalog.=) " : "");
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

static void put_array(struct buffer *sql, const char *const *names)
{
    buffer_puts(sql, "ARRAY[");
    for (size_t i = 0; names[i] != NULL; i++) {
        buffer_puts(sql, i == 0 ? "" : ", ");
        pg_quote_literal(sql, text_of(names[i]));
    }
    buffer_puts(sql, "]::pg_catalog.text[]");
}

#define COMMITTER "'Truss', 'truss@localhost'"

static void put_times(struct buffer *sql, const struct ledger *ledger, const struct sqitch_planning *planning)
{
    ledger_putf(sql, ledger, "%s::timestamptz, %s, %s", planning->at, planning->name, planning->email);
}

static const struct sqitch_change *change_of(const struct ledger_record *record)
{
    return record->file->own;
}

/* A change that a dependency names: "change", "project:change", each perhaps with "@tag". */
struct named_change {
    const char *project;
    const char *name; /* "": only a tag is named */
};

static struct named_change named_by(struct arena *arena, const struct sqitch_change *change, const char *dependency)
{
    const char *const colon = strchr(dependency, ':');
    const char *const name = colon == NULL ? dependency : colon + 1;
    return (struct named_change){
        .project =
            colon == NULL ? change->plan->project : arena_strndup(arena, dependency, (size_t)(colon - dependency)),
        .name = arena_strndup(arena, name, strcspn(name, "@")),
    };
}

#define OF_NAME " FROM %t WHERE project OPERATOR(pg_catalog.=) %s AND change OPERATOR(pg_catalog.=) %s"

/* Sqitch stops where a change of another project that is required is not deployed, and where one that conflicts is
 * (Engine.pm, check_deploy_dependencies). */
static void put_demand(struct buffer *sql, const struct ledger *ledger, const struct sqitch_change *change,
                       const char *dependency, bool is_required)
{
    const struct named_change named = named_by(sql->arena, change, dependency);
    struct buffer block = {.arena = sql->arena};
    if (ledger->lacks_plpgsql || named.name[0] == '\0') {
        return;
    }
    buffer_puts(&block, is_required ? "BEGIN IF NOT EXISTS (SELECT" : "BEGIN IF EXISTS (SELECT");
    ledger_putf(&block, ledger, OF_NAME ") THEN RAISE object_not_in_prerequisite_state USING MESSAGE = %s; END IF; END",
                named.project, named.name,
                arena_printf(sql->arena,
                             is_required ? "The change \"%s\" requires \"%s\", which is not deployed."
                                         : "The change \"%s\" conflicts with \"%s\", which is deployed.",
                             change->name, dependency));
    pg_put_do(sql, buffer_text(&block));
    buffer_putc(sql, ';');
}

static void put_required(struct buffer *sql, const struct ledger *ledger, const struct sqitch_change *change,
                         const char *dependency)
{
    const struct ledger table = beside(ledger, "dependencies");
    const size_t own = (size_t)(change - change->plan->changes);
    const struct sqitch_change *const required = sqitch_plan_find(change->plan, dependency, own);
    const struct named_change named = named_by(sql->arena, change, dependency);
    if (required != NULL) {
        ledger_putf(sql, &table,
                    "INSERT INTO %t (change_id, type, dependency, dependency_id) VALUES (%s, 'require', %s, %s);",
                    change->id, dependency, required->id);
    } else if (strchr(dependency, ':') != NULL) {
        put_demand(sql, ledger, change, dependency, true);
        ledger_putf(sql, &table,
                    "INSERT INTO %t (change_id, type, dependency, dependency_id) SELECT %s, 'require', %s, change_id",
                    change->id, dependency);
        ledger_putf(sql, ledger, OF_NAME " ORDER BY committed_at DESC LIMIT 1;", named.project, named.name);
    }
}

static void put_dependencies(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct sqitch_change *const change = change_of(record);
    const struct ledger table = beside(ledger, "dependencies");
    for (size_t i = 0; change->requires[i] != NULL; i++) {
        put_required(sql, ledger, change, change->requires[i]);
    }
    for (size_t i = 0; change->conflicts[i] != NULL; i++) {
        put_demand(sql, ledger, change, change->conflicts[i], false);
        ledger_putf(sql, &table,
                    "INSERT INTO %t (change_id, type, dependency, dependency_id) VALUES (%s, 'conflict', %s, NULL);",
                    change->id, change->conflicts[i]);
    }
}

static void put_tags(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct sqitch_change *const change = change_of(record);
    const struct ledger table = beside(ledger, "tags");
    for (size_t i = 0; i < change->tag_count; i++) {
        const struct sqitch_tag *const tag = &change->tags[i];
        ledger_putf(sql, &table,
                    "INSERT INTO %t (tag_id, tag, project, change_id, note, committer_name, committer_email, "
                    "planned_at, planner_name, planner_email) VALUES (%s, %s, %s, %s, %s, " COMMITTER ", ",
                    tag->id, tag->name, change->plan->project, change->id, tag->planning.note);
        put_times(sql, ledger, &tag->planning);
        buffer_puts(sql, ");");
    }
}

static void put_planning(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    put_times(sql, ledger, &change_of(record)->planning);
}

static void put_requires(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    put_array(sql, change_of(record)->requires);
}

static void put_conflicts(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)ledger;
    put_array(sql, change_of(record)->conflicts);
}

static void put_tag_names(struct buffer *sql, const struct ledger *ledger, const struct ledger_record *record)
{
    const struct sqitch_change *const change = change_of(record);
    const char **const tags = arena_array(sql->arena, change->tag_count + 1, sizeof *tags);
    (void)ledger;
    for (size_t i = 0; i < change->tag_count; i++) {
        tags[i] = change->tags[i].name;
    }
    put_array(sql, tags);
}

static const char *project_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return change_of(record)->plan->project;
}

static const char *uri_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return change_of(record)->plan->uri;
}

static const char *note_of(struct arena *arena, const struct ledger *ledger, const struct ledger_record *record)
{
    (void)arena;
    (void)ledger;
    return change_of(record)->planning.note;
}

#define PLANNING "planned_at timestamptz NOT NULL, planner_name text NOT NULL, planner_email text NOT NULL"
#define COMMITTING                                                                                                     \
    "committed_at timestamptz NOT NULL DEFAULT clock_timestamp(), committer_name text NOT NULL, committer_email text " \
    "NOT NULL"
#define OF_PROJECT "project text NOT NULL REFERENCES {ledger:projects}(project) ON UPDATE CASCADE"
#define OF_CHANGE  "change_id text NOT NULL REFERENCES {ledger:changes}(change_id) ON UPDATE CASCADE"
#define NOTE       "note text NOT NULL DEFAULT ''"

/* As its engine makes them (App/Sqitch/Engine/pg.sql, registry 1.1), without the comments. */
#define REGISTRY                                                                                                       \
    "CREATE TABLE {ledger:releases} (version real PRIMARY KEY, installed_at timestamptz NOT NULL DEFAULT "             \
    "clock_timestamp(), installer_name text NOT NULL, installer_email text NOT NULL);"                                 \
    "INSERT INTO {ledger:releases} (version, installer_name, installer_email) VALUES (1.1, " COMMITTER ");"            \
    "CREATE TABLE {ledger:projects} (project text PRIMARY KEY, uri text NULL UNIQUE, created_at timestamptz NOT NULL " \
    "DEFAULT clock_timestamp(), creator_name text NOT NULL, creator_email text NOT NULL);"                             \
    "CREATE TABLE {ledger:changes} (change_id text PRIMARY KEY, script_hash text NULL, change text NOT "               \
    "NULL, " OF_PROJECT ", " NOTE ", " COMMITTING ", " PLANNING ", UNIQUE(project, script_hash));"                     \
    "CREATE TABLE {ledger:tags} (tag_id text PRIMARY KEY, tag text NOT NULL, " OF_PROJECT ", " OF_CHANGE ", " NOTE     \
    ", " COMMITTING ", " PLANNING ", UNIQUE(project, tag));"                                                           \
    "CREATE TABLE {ledger:dependencies} (" OF_CHANGE " ON DELETE CASCADE, type text NOT NULL, dependency text NOT "    \
    "NULL, dependency_id text NULL REFERENCES {ledger:changes}(change_id) ON UPDATE CASCADE CONSTRAINT "               \
    "dependencies_check CHECK ((type = 'require' AND dependency_id IS NOT NULL) OR (type = 'conflict' AND "            \
    "dependency_id IS NULL)), PRIMARY KEY (change_id, dependency));"                                                   \
    "CREATE TABLE {ledger:events} (event text NOT NULL CONSTRAINT events_event_check CHECK (event IN ('deploy', "      \
    "'revert', 'fail', 'merge')), change_id text NOT NULL, change text NOT NULL, " OF_PROJECT ", " NOTE                \
    ", requires text[] NOT NULL DEFAULT '{{}', conflicts text[] NOT NULL DEFAULT '{{}', tags text[] NOT NULL DEFAULT " \
    "'{{}', " COMMITTING ", " PLANNING ", PRIMARY KEY (change_id, committed_at));"

#define PLANNED "committer_name, committer_email, planned_at, planner_name, planner_email"

/* psql runs it. */
static bool sqitch_script(const struct script_request *request)
{
    return script_take_data(request, DATA_TO_MARK_OR_END);
}

const struct framework framework_sqitch = {
    .id = "sqitch",
    .display_name = "Sqitch",
    .tool = "sqitch deploy",
    .drops_mark = true,
    .sent = SENT_EACH,
    .ledger =
        {
            .shapes = SHAPES(
                {.table = "changes",
                 .columns =
                     "change_id:text script_hash:text change:text project:text note:text committed_at:timestamptz "
                     "committer_name:text committer_email:text planned_at:timestamptz planner_name:text "
                     "planner_email:text"}),
            .schema = "sqitch",
            .records_in_order = true,
            .create = REGISTRY,
            .lock = "LOCK TABLE {ledger} IN EXCLUSIVE MODE;",
            .kept = "SELECT FROM {ledger} WHERE change_id OPERATOR(pg_catalog.=) {key}",
            .record =
                "{guard:projects}{guard:dependencies}{guard:tags}{guard:events}"
                "INSERT INTO {ledger:projects} (project, uri, creator_name, creator_email) VALUES ({project}, "
                "{uri}, " COMMITTER ") ON CONFLICT DO NOTHING;"
                "INSERT INTO {ledger} (change_id, script_hash, change, project, note, " PLANNED ") VALUES ({key}, "
                "{checksum}, {name}, {project}, {note}, " COMMITTER ", {planning});{dependencies}{tags}"
                "INSERT INTO {ledger:events} (event, change_id, change, project, note, requires, conflicts, "
                "tags, " PLANNED
                ") VALUES ('deploy', {key}, {name}, {project}, {note}, {requires}, {conflicts}, {tag_names}, " COMMITTER
                ", {planning});",
            .words = (const struct ledger_word[]){{.name = "project", .text = project_of},
                                                  {.name = "uri", .text = uri_of},
                                                  {.name = "note", .text = note_of},
                                                  {.name = "planning", .sql = put_planning},
                                                  {.name = "requires", .sql = put_requires},
                                                  {.name = "conflicts", .sql = put_conflicts},
                                                  {.name = "tag_names", .sql = put_tag_names},
                                                  {.name = "dependencies", .sql = put_dependencies},
                                                  {.name = "tags", .sql = put_tags},
                                                  {0}},
            .advisory_locks = KEYS(75474063),
        },
    .folder = {.places = WORDS(".", "sqitch", "db", "database"), .checksum = "SHA1"},
    .mentions = MENTIONS({.words = "--registry", .beside = "sqitch", .part = MENTION_SCHEMA}),
    .habits =
        {
            .late = LATE_REFUSED,
            .late_note = "sqitch stops at it: a change in the middle of the plan alters the ids of all that follow.",
            .edited_note = "sqitch deploy does not look at it; sqitch check tells of it.",
            .missing_blocks = true,
            .missing_note = "sqitch stops (\"Cannot find change\") if its plan has no such change; if only the script "
                            "is gone, it does not care.",
        },
    .hooks = {.configure = sqitch_configure,
              .recognise = sqitch_recognise,
              .list = sqitch_list,
              .check_folder = sqitch_check_folder,
              .script = sqitch_script,
              .read_ledger = sqitch_read},
};
