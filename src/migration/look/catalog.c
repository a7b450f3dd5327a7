/*
 * Reads both halves in one transaction, and collects the reasons for not trusting the catalog.
 */
#include "migration/look/catalog.h"

#include "base/file_trace.h"
#include "base/files.h"
#include "base/sqlstate.h"
#include "framework/core/listing.h"
#include "framework/core/project_bounds.h"
#include "framework/core/search_time.h"
#include "migration/look/hints.h"
#include "migration/look/join.h"
#include "migration/look/ledger_place.h"
#include "migration/look/looking.h"
#include "migration/look/project_database.h"
#include "pg/exec.h"
#include "pg/own_tables.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

#include <stdio.h>
#include <string.h>

#define LEDGER_WAIT_MS "2000"

/* Says why the ledger could not be read, and what to do. */
static bool explain_unread(const struct request *request, struct pg_session *session, const struct ledger *ledger)
{
    const char *const sqlstate = request->status->sqlstate;
    if (sqlstate_is(sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        status_fail(request->status, STATUS_PERMISSION_DENIED,
                    "The role \"%s\" may not read the tracking table %s.%s: GRANT USAGE ON SCHEMA \"%s\" and SELECT ON "
                    "\"%s\".\"%s\" to it (and INSERT, UPDATE and DELETE for runs).",
                    pg_session_user(session), ledger->schema, ledger->table, ledger->schema, ledger->schema,
                    ledger->table);
    } else if (sqlstate_is(sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE)) {
        status_fail_because(
            request->status, STATUS_ABORTED, REASON_LOCKED,
            "The tracking table %s.%s is locked against readers by another session: its own tool may be "
            "running, or a script that locks it. Ask again when that has ended.",
            ledger->schema, ledger->table);
    }
    return false;
}

/* Rows hidden by a policy would look like migrations that were never applied. FORCE hides them from the owner, too. */
static bool fail_policed(const struct request *request, struct pg_session *session, const struct ledger *ledger)
{
    static const char sql[] =
        "SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
        "$1 AND c.relname = $2 AND c.relforcerowsecurity AND pg_catalog.pg_has_role(c.relowner, 'USAGE')";
    struct status unanswered = {.arena = request->arena};
    PG_RESULT(own) = pg_query(session, sql, 2, (const char *const[]){ledger->schema, ledger->table}, &unanswered);
    const bool is_own = own != NULL && PQntuples(own) > 0;
    return status_fail(
        request->status, STATUS_PERMISSION_DENIED,
        "Row-level security hides rows of the tracking table %s.%s from the role \"%s\", so that what is applied "
        "cannot be known. %s the role BYPASSRLS, or ALTER TABLE \"%s\".\"%s\" %s ROW LEVEL SECURITY.",
        ledger->schema, ledger->table, pg_session_user(session),
        is_own ? "It is forced on the table's owner, too: give" : "Connect as the table's owner, give", ledger->schema,
        ledger->table, is_own ? "NO FORCE" : "DISABLE");
}

/* Leaves the bounds. A file outside of them affects only itself: a run stops when it reaches it. */
static void leave(struct bounds *bounds, const struct request *request, struct catalog *catalog)
{
    const struct looking looking = {request, NULL, &catalog->detection};
    bounds_leave(bounds);
    if (bounds->note != NULL) {
        looking_warn(&looking, arena_printf(request->arena, "%s.", bounds->note));
    }
}

/* Lists the folder's files while the server works. */
struct listing {
    const struct request *request;
    struct catalog *catalog;
    struct status status; /* its own; the request's is for the query */
    bool is_done;
    bool ok;
};

static void list(void *data)
{
    struct listing *const listing = data;
    struct catalog *const catalog = listing->catalog;
    listing->status = (struct status){.arena = listing->request->arena};
    listing->is_done = true;
    if (!catalog->detection.has_folder) {
        listing->ok = true;
        return;
    }
    struct bounds bounds;
    const struct project *const project = &listing->request->site->project;
    if (!project_answers(project, listing->request->deadline, &listing->status)) {
        return;
    }
    project_enter_bounds(listing->request->arena, project, &bounds);
    file_trace_lacked(); /* of another request */
    listing->ok =
        framework_list(listing->request->arena, &catalog->detection.folder, &catalog->files, &listing->status) &&
        files_were_all_opened(project->root, &listing->status);
    leave(&bounds, listing->request, catalog);
}

/* Does not wait long for a ledger that a migration has locked until its end. */
static bool read_ledger(const struct request *request, struct pg_session *session, struct listing *listing,
                        struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    struct ledger ledger = detection->ledger;
    ledger.as_read = detection->as_read;
    struct ledger_reading reading = {
        .arena = request->arena,
        .session = session,
        .status = request->status,
        .ledger = &ledger,
        .folder = detection->has_folder ? &detection->folder : NULL,
        .files = &catalog->files,
        .meanwhile = {listing->is_done ? NULL : list, listing},
    };
    if (detection->is_policed) {
        return fail_policed(request, session, &detection->ledger);
    }
    if (ledger_has(detection->framework, LEDGER_LOCK) &&
        !pg_exec(session, "SET LOCAL lock_timeout = " LEDGER_WAIT_MS, request->status)) {
        return false;
    }
    const bool ok = framework_read_ledger(detection->framework, &reading);
    catalog->entries = reading.entries;
    return ok || explain_unread(request, session, &detection->ledger);
}

static bool read_halves(const struct request *request, struct pg_session *session, struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    struct listing listing = {.request = request, .catalog = catalog};
    /* Some read the ledger with the help of the files. */
    if (!detection->has_ledger || detection->framework->hooks.read_ledger != NULL) {
        list(&listing);
    }
    const bool may_read = !listing.is_done || listing.ok;
    const bool ok = !detection->has_ledger || (may_read && read_ledger(request, session, &listing, catalog));
    if (listing.is_done && !listing.ok) {
        *request->status = listing.status;
    }
    return ok && listing.ok;
}

/* ---- reasons why "nothing to do" cannot be said ---- */

/* Why no framework was found. */
static const char *problem_of_none(const struct detection *detection)
{
    return detection->is_cut
               ? "Truss found no migrations of a framework that it knows among the first 20,000 names, 300 packages "
                 "and 500 folders of the project (nearest directories first), and no tracking table in the database. "
                 "Say where they are by --migrations DIR, or which part of the project is meant by --project."
               : "No migrations of a framework that Truss knows were found in the project, and no tracking table in "
                 "the database. Check --project. Where the migrations are plain SQL files (001_users.sql, …), say so: "
                 "--framework postgres-migrations --migrations DIR; for a runner of your own declare [framework.NAME] "
                 "in the project's truss.toml.";
}

/* What is wrong with the folder or its files. */
static const char *problem_of_folder(struct arena *arena, const struct catalog *catalog)
{
    const struct folder *const folder = &catalog->detection.folder;
    const char *const name = catalog->detection.framework->display_name;
    if (folder->unread != NULL) {
        return detection_folder_question(arena, &catalog->detection);
    }
    if (file_look(path_join(arena, folder->root, folder->path), NULL) != FILE_DIRECTORY) {
        const char *const from = folder->evidence == NULL ? name : folder->evidence;
        return arena_printf(arena,
                            "The folder of migrations %s does not exist in the project%s: check that it is mounted, "
                            "and --migrations; or make the first migration (truss create).",
                            folder->path, strcmp(from, folder->path) == 0 ? "" : arena_printf(arena, " (%s)", from));
    }
    return catalog->files.count > 0
               ? catalog->files.unrecordable
               : arena_printf(arena,
                              "The folder %s has no migrations of %s: check that it is mounted, and --migrations and "
                              "--framework; or make the first migration (truss create).",
                              folder->path, name);
}

/* "Nothing to do" requires a folder that was read and has migrations, and a ledger that was read. */
static const char *problem_of(struct arena *arena, const struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    if (detection->problem != NULL) {
        return detection->problem;
    }
    if (detection->unreadable != NULL) {
        return detection->unreadable;
    }
    if (detection->framework == NULL) {
        return problem_of_none(detection);
    }
    if (catalog->entries.unclear != NULL) {
        return catalog->entries.unclear;
    }
    return detection->has_folder
               ? problem_of_folder(arena, catalog)
               : arena_printf(arena,
                              "No folder of migrations was found in the project; the database has a tracking table of "
                              "%s. Check --project and --migrations.",
                              detection->framework->display_name);
}

/* Do we pass the database to the tool in arguments or variables of its own? Rails prefers DATABASE_URL to its file. */
static bool is_told(const struct detection *detection)
{
    const struct framework *const framework = detection->framework;
    const struct delegate *const delegate =
        detection->folder.delegate != NULL ? detection->folder.delegate : framework->delegate;
    if (delegate == NULL || strcmp(framework->id, "rails") == 0) {
        return true;
    }
    const char *const *const lists[] = {delegate->run, delegate->run_to, delegate->run_one, delegate->environment};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (const char *const *word = lists[i]; word != NULL && *word != NULL; word++) {
            if (strstr(*word, "{url}") != NULL || strstr(*word, "{jdbc_url}") != NULL ||
                strstr(*word, "{database}") != NULL) {
                return true;
            }
        }
    }
    return false;
}

/* Finds the database that the project names, if it is another one, and what else is to be said of it. It binds if the
 * project's tool would use it, because it is in a file that takes precedence over everything that we pass. */
static void find_other_database(const struct request *request, struct catalog *catalog)
{
    const struct site *const site = request->site;
    const struct detection *const detection = &catalog->detection;
    const char *const base = detection->has_folder ? detection->folder.base : "";
    struct named_databases databases;
    if (detection->framework == NULL || site->conninfo == NULL) {
        return;
    }
    project_databases(request->arena, site->project.root, base, detection->framework->id, &databases);
    const struct named_database *const other = project_database_other(&databases, site->conninfo);
    const struct conninfo_place *const own = &site->conninfo->place;
    if (other != NULL) {
        catalog->other_binds = other->variable == NULL && !is_told(detection);
        catalog->other_database =
            arena_printf(request->arena, "The project names another database: %s. This worker's is %s:%s/%s.",
                         named_database_text(request->arena, other), own->host, own->port, own->database);
        return;
    }
    catalog->aside = project_database_unread(request->arena, &databases, site->conninfo);
    if (catalog->aside == NULL) {
        catalog->computed = project_database_computed(request->arena, &databases, site->conninfo);
        catalog->aside = project_database_aside(request->arena, site->project.root, base, &databases, site->conninfo);
    }
}

bool catalog_states(const struct catalog *catalog, struct seen_states *seen)
{
    const struct detection *const detection = &catalog->detection;
    *seen = (struct seen_states){
        .applied = catalog->counts[MIGRATION_APPLIED],
        .pending = catalog->counts[MIGRATION_PENDING],
        .modified = catalog->counts[MIGRATION_MODIFIED],
        .orphaned = catalog->counts[MIGRATION_ORPHANED],
    };
    if (catalog->problem != NULL || detection->framework == NULL || detection->problem != NULL) {
        return false;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        seen->failed += catalog->items[i].detail == DETAIL_FAILED ? 1 : 0;
    }
    snprintf(seen->framework, sizeof seen->framework, "%s", detection->framework->id);
    if (detection->has_ledger) {
        snprintf(seen->ledger, sizeof seen->ledger, "%s.%s", detection->ledger.schema, detection->ledger.table);
    }
    return true;
}

/* Joins what was read, and sets the catalog's problem. */
static bool fill(const struct request *request, struct catalog *catalog)
{
    struct bounds bounds;
    if (catalog->entries.count == 0 && catalog->files.needs_tool == NULL) {
        catalog->files.needs_tool = catalog->files.first_needs_tool;
    }
    catalog->problem = problem_of(request->arena, catalog);
    find_other_database(request, catalog);
    catalog->may_be_other = request->allow_other_database || request->site->allow_other_database;
    if (catalog->detection.framework == NULL || catalog->detection.problem != NULL) {
        return true;
    }
    project_enter_bounds(request->arena, &request->site->project, &bounds);
    struct seen_states seen;
    const bool ok = catalog_join(request, catalog);
    if (ok) {
        hints_find(request, catalog);
    }
    leave(&bounds, request, catalog);
    if (ok && request->site->meters != NULL && catalog_states(catalog, &seen)) {
        meters_saw(request->site->meters, &seen);
    }
    return ok;
}

typedef bool detecting(const struct request *request, struct pg_session *session, struct detection *detection);

/* Does the tool's search path differ from the connection's? */
static bool changes_path(const char *schemas, const struct session_path *path)
{
    const size_t end = strcspn(schemas, (char[]){PG_SCHEMA_END, 0});
    const bool is_first = end > 0 && path->schema != NULL && text_is((struct text){schemas, end}, path->schema);
    switch (path->place) {
    case PATH_STAYS:
        return false;
    case PATH_IN_FRONT:
        return !is_first;
    case PATH_ALONE:
        return !is_first || schemas[end] != '\0';
    case PATH_BY_SQL:
        break;
    }
    return true;
}

/* Pins the session as the tool would: it may change its connection's search path (Flyway's default schema, which a
 * first run creates), or create the path's first schema. Sends nothing if that makes no difference. */
static bool look_as_its_tool(const struct request *request, struct pg_session *session, const struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    struct buffer sql = {.arena = request->arena};
    if (detection->framework == NULL || detection->problem != NULL) {
        return true;
    }
    const char *const made = ledger_made_schema(request, detection->framework);
    struct session_path path = framework_session_path(detection->framework, &detection->ledger);
    if (made != NULL && !detection->has_ledger && strcmp(made, detection->ledger.schema) == 0) {
        path = (struct session_path){PATH_IN_FRONT, made};
    }
    if (!changes_path(pg_session_script_schemas(session), &path)) {
        return true;
    }
    ledger_put(&sql, detection->framework, LEDGER_SESSION, &detection->ledger, NULL);
    return pg_session_pin_as(session, buffer_string(&sql), detection->has_ledger ? NULL : detection->ledger.schema,
                             request->status);
}

/* If it is not known which of several frameworks is meant, no migration can be judged. */
static bool read_all(const struct request *request, struct pg_session *session, detecting *detector,
                     struct catalog *catalog)
{
    struct session_facts facts;
    if (!reading_begin(request, session, &facts)) {
        return false;
    }
    catalog->detection.facts = facts;
    const bool ok = detector(request, session, &catalog->detection) &&
                    (catalog->detection.framework == NULL || catalog->detection.problem != NULL ||
                     read_halves(request, session, catalog));
    if (!ok || !own_schema_exists_behind(session, &catalog->has_own_schema, request->status)) {
        reading_end(session);
        return false;
    }
    return look_as_its_tool(request, session, catalog) && fill(request, catalog);
}

bool catalog_read(const struct request *request, struct pg_session *session, struct catalog *catalog)
{
    *catalog = (struct catalog){0};
    return read_all(request, session, detect_reading, catalog);
}

bool catalog_read_again(const struct request *request, struct pg_session *session, const struct detection *detection,
                        struct catalog *catalog)
{
    *catalog = (struct catalog){.detection = *detection};
    return read_all(request, session, detect_ledger, catalog);
}

static bool has_pending_program(const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->state == MIGRATION_PENDING && item->file != NULL &&
            (item->file->is_code || catalog->files.needs_tool != NULL)) {
            return true;
        }
    }
    return false;
}

/* Would the project's own tool migrate another database? */
static bool check_tool(const struct catalog *catalog, struct status *status)
{
    if (catalog->other_database != NULL && catalog->other_binds && has_pending_program(catalog)) {
        return status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_OTHER_DATABASE,
                                   "%s %s would migrate that one: it is not started. Let the file take the URL from "
                                   "DATABASE_URL, or name the same database in both.",
                                   catalog->other_database, catalog->detection.framework->tool);
    }
    return true;
}

/* Is it the database that the project names? */
static bool check_database(const struct catalog *catalog, struct status *status)
{
    return catalog->other_database == NULL || catalog->may_be_other ||
           status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_OTHER_DATABASE,
                               "%s Nothing was changed. If this is the one that is meant, say so: "
                               "--allow-other-database (in a request: allow_other_database).",
                               catalog->other_database);
}

static bool check_writable(const struct catalog *catalog, struct status *status)
{
    const char *const why = catalog->detection.unwritable;
    return why == NULL || status_fail(status, STATUS_FAILED_PRECONDITION, "%s", why);
}

bool catalog_check_ledger(const struct catalog *catalog, struct status *status)
{
    const char *const problem = catalog->detection.problem;
    return (problem == NULL || status_fail(status, STATUS_FAILED_PRECONDITION, "%s", problem)) &&
           check_database(catalog, status) && check_writable(catalog, status);
}

bool catalog_check_folder(const struct catalog *catalog, struct status *status)
{
    const struct detection *const detection = &catalog->detection;
    if (catalog->problem != NULL) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s", catalog->problem);
    }
    return check_tool(catalog, status) && check_database(catalog, status) &&
           (catalog->counts[MIGRATION_PENDING] == 0 || check_writable(catalog, status)) &&
           framework_check_folder(status->arena, &detection->folder, &catalog->files, status);
}

bool catalog_check_baseline(const struct catalog *catalog, bool is_trial, struct status *status)
{
    const struct detection *const detection = &catalog->detection;
    if (catalog->problem != NULL) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s", catalog->problem);
    }
    return (is_trial || (check_database(catalog, status) && check_writable(catalog, status))) &&
           framework_check_folder(status->arena, &detection->folder, &catalog->files, status);
}
