/*
 * Examines project and database, makes sources of what they have (sources.c), and chooses one (choice.c).
 */
#include "migration/look/detect.h"

#include "base/clock.h"
#include "base/file_trace.h"
#include "base/files.h"
#include "framework/core/layout.h"
#include "framework/core/project_bounds.h"
#include "framework/core/search_time.h"
#include "framework/declared/declared.h"
#include "migration/look/choice.h"
#include "migration/look/ledger_place.h"
#include "migration/look/sources.h"
#include "pg/query.h"
#include "pg/trust.h"
#include "pg/values.h"

#include <string.h>

/* Warns about a URL parameter of another framework, which would be lost or affect only the ledger. */
static void check_url(const struct looking *looking)
{
    struct detection *const detection = looking->detection;
    const struct conninfo *const conninfo = looking->request->site->conninfo;
    const struct framework *const framework = detection->framework;
    if (framework == NULL || detection->problem != NULL || conninfo == NULL) {
        return;
    }
    if (conninfo->migrations_table != NULL && !ledger_is_of_url(framework)) {
        detection->problem =
            arena_printf(looking->request->arena,
                         "The connection URL's x-migrations-table is golang-migrate's, and this is %s: "
                         "take it out, or say --framework golang-migrate.",
                         framework->display_name);
    } else if (conninfo->schema != NULL && strcmp(framework->id, "prisma") != 0 &&
               strcmp(conninfo->schema, session_schema(looking)) != 0) {
        detection->problem =
            arena_printf(looking->request->arena,
                         "The connection URL's schema=%s is Prisma's, and this is %s, which would work in schema %s: "
                         "write search_path=%s instead, or remove it.",
                         conninfo->schema, framework->display_name, session_schema(looking), conninfo->schema);
    }
}

/* An unreadable folder may be the one that is meant; if no other was found, says so. */
static void say_unreadable(const struct looking *looking, const struct folder_list *folders)
{
    struct detection *const detection = looking->detection;
    bool has_folder = false;
    for (size_t i = 0; i < detection->source_count; i++) {
        has_folder = has_folder || detection->sources[i].has_folder;
    }
    if (!has_folder && folders->unreadable != NULL) {
        detection->unreadable = arena_printf(looking->request->arena,
                                             "The folder %s may not be read by this worker (permission denied): let "
                                             "the user that it runs as read it, or say another by --migrations.",
                                             folders->unreadable);
        detection->problem = detection->problem == NULL ? NULL : detection->unreadable;
    }
}

/* A link out of the project may lead to the migrations, too; if no other folder was found, it is reported. */
static void say_outside(const struct looking *looking, const struct folder_list *folders)
{
    struct detection *const detection = looking->detection;
    if (!detection->has_folder && folders->outside != NULL) {
        detection->problem = arena_printf(looking->request->arena, "%s.", folders->outside);
    }
}

/* The project with its declared frameworks and the requested one. */
static bool take_project(const struct request *request, struct detection *detection, struct project *project)
{
    *project = request->site->project;
    project->search_until = search_end(request->deadline);
    const bool is_asked = request->framework != NULL && request->framework[0] != '\0';
    if (!project_answers(project, request->deadline, request->status) ||
        !declared_frameworks(request->arena, project->root, &project->frameworks, request->status)) {
        return false;
    }
    const struct framework *const framework =
        is_asked ? framework_find_among(project->frameworks, text_of(request->framework)) : NULL;
    project->framework = framework == NULL ? NULL : framework->id;
    detection->frameworks = project->frameworks;
    return true;
}

/* What a standby has is what the primary had some time ago. Since PostgreSQL 14 a session is told that it is on one.
 * The answer names a time instead of a delay, so that it stays the same until more is replayed. */
static bool say_standby(const struct looking *looking)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_is_in_recovery(), (extract(epoch FROM pg_catalog.pg_last_xact_replay_timestamp()) "
        "OPERATOR(pg_catalog.*) 1000000)::bigint";
    struct arena *const arena = looking->request->arena;
    const char *const told = pg_session_parameter(looking->session, "in_hot_standby");
    if (told != NULL && strcmp(told, "off") == 0 && !pg_session_is_pooled(looking->session)) {
        return true;
    }
    PG_RESULT(result) = pg_query(looking->session, sql, 0, NULL, looking->request->status);
    if (result != NULL && pg_field_bool(result, 0, 0)) {
        const int64_t replayed = pg_field_us(result, 0, 1);
        char at[RFC3339_SIZE] = "";
        clock_rfc3339(replayed == NO_TIME ? 0 : replayed, at);
        looking->detection->standby = arena_printf(
            arena, "The server is a standby, and this is not the state of the primary: %s. Ask the primary.",
            replayed == NO_TIME
                ? "how far behind it is cannot be known"
                : arena_printf(arena,
                               "what was committed there after %s, when the last transaction ended that was "
                               "replayed here, is not seen",
                               at));
    }
    return result != NULL;
}

/* The project was not searched completely: what is missing may be what is meant, unless the database knows the found
 * files or they were requested. */
static void say_cut(const struct looking *looking)
{
    struct detection *const detection = looking->detection;
    const char *const asked = looking->request->framework;
    if (!detection->is_cut || !detection->has_folder || !detection->folder.is_walked) {
        return;
    }
    const char *const said = arena_printf(
        looking->request->arena,
        "Only the first 20,000 names, 300 packages and 500 folders of the project were searched (nearest directories "
        "first): there may be other migrations among the rest. Say which are meant: --framework %s, or --project for "
        "a part of the project.",
        detection->folder.path);
    if (detection->problem == NULL && !detection->has_ledger && (asked == NULL || asked[0] == '\0')) {
        detection->problem = said;
    }
    looking_warn(looking, said);
}

static bool find(const struct looking *looking)
{
    const struct request *const request = looking->request;
    struct detection *const detection = looking->detection;
    struct project project;
    struct folder_list folders = {0};
    bool certain;
    const struct framework *const golang_migrate = framework_find(text_of("golang-migrate"));
    if (!say_standby(looking) || !take_project(request, detection, &project) ||
        !folders_find(request->arena, &project, &folders, request->status)) {
        return false;
    }
    const struct shapes_wanted wanted = {
        .all = project.frameworks,
        .folders = &folders,
        .tables = {request->site->ledger.table, ledger_place_of_url(looking, golang_migrate).table},
    };
    if (!shapes_find(request, looking->session, &wanted, &detection->ledgers) || !sources_make(looking, &folders) ||
        !source_choose(looking, &certain)) {
        return false;
    }
    detection->is_cut = folders.is_cut;
    say_cut(looking);
    check_url(looking);
    say_unreadable(looking, &folders);
    say_outside(looking, &folders);
    return true;
}

/* A part of the project that was not read may be relevant: it may name another database, or a table in a command. If
 * the project itself cannot be examined, that nothing was found says nothing. */
static void warn_of_outside(const struct looking *looking, const struct bounds *bounds)
{
    if (bounds->note != NULL && bounds->error != 0) {
        looking->detection->problem = arena_printf(looking->request->arena, "%s.", bounds->note);
    } else if (bounds->note != NULL && looking->detection->problem == NULL) {
        looking_warn(looking, arena_printf(looking->request->arena, "%s.", bounds->note));
    }
}

bool detect_reading(const struct request *request, struct pg_session *session, struct detection *detection)
{
    const struct looking looking = {request, session, detection};
    struct bounds bounds;
    project_enter_bounds(request->arena, &request->site->project, &bounds);
    file_trace_lacked(); /* of another request */
    const bool ok = find(&looking);
    bounds_leave(&bounds);
    if (ok) {
        warn_of_outside(&looking, &bounds);
    }
    return ok && files_were_all_opened(request->site->project.root, request->status);
}

bool detect_open(const struct request *request, struct pg_session *session, struct detection *detection)
{
    *detection = (struct detection){0};
    return reading_begin(request, session, &detection->facts) && detect_reading(request, session, detection);
}

bool detect(const struct request *request, struct pg_session *session, struct detection *detection)
{
    const bool ok = detect_open(request, session, detection);
    reading_end(session);
    return ok;
}

static bool find_offline(const struct looking *looking, bool *certain)
{
    const struct request *const request = looking->request;
    struct project project;
    struct folder_list folders = {0};
    *looking->detection = (struct detection){0};
    if (!take_project(request, looking->detection, &project) ||
        !folders_find(request->arena, &project, &folders, request->status) || !sources_make(looking, &folders) ||
        !source_choose(looking, certain)) {
        return false;
    }
    say_outside(looking, &folders);
    return true;
}

bool detect_offline(const struct request *request, struct detection *detection, bool *certain)
{
    const struct looking looking = {request, NULL, detection};
    struct bounds bounds;
    project_enter_bounds(request->arena, &request->site->project, &bounds);
    file_trace_lacked(); /* of another request */
    const bool ok = find_offline(&looking, certain);
    bounds_leave(&bounds);
    return ok && files_were_all_opened(request->site->project.root, request->status);
}

/* Asks only whether the table exists, which is rare: the full query takes longer to plan. */
static bool is_made(const struct request *request, struct pg_session *session, const char *const *place, bool *made)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = $1 AND c.relname = $2)";
    PG_RESULT(result) = pg_query(session, sql, 2, place, request->status);
    *made = result != NULL && pg_field_bool(result, 0, 0);
    return result != NULL;
}

bool detect_ledger(const struct request *request, struct pg_session *session, struct detection *detection)
{
    static const char sql[] =
        "SELECT r.rolname, " PG_IS_TRUSTED("r") " FROM pg_catalog.pg_class c "
                                                "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                                                "JOIN pg_catalog.pg_roles r ON r.oid = c.relowner "
                                                "WHERE n.nspname = $1 AND c.relname = $2";
    if (detection->framework == NULL || detection->problem != NULL || detection->has_ledger) {
        return true;
    }
    bool made;
    const char *const values[] = {detection->ledger.schema, detection->ledger.table};
    if (!is_made(request, session, values, &made)) {
        return false;
    }
    if (!made) {
        return true;
    }
    PG_RESULT(result) = pg_query(session, sql, 2, values, request->status);
    if (result == NULL || PQntuples(result) == 0) {
        return result != NULL;
    }
    detection->has_ledger = true;
    return pg_field_bool(result, 0, 1) || request->site->is_ledger_vouched ||
           status_fail(request->status, STATUS_ABORTED,
                       "The table %s.%s was made meanwhile by the role \"%s\"; look at the status again.",
                       detection->ledger.schema, detection->ledger.table, pg_field(result, 0, 0));
}

const char *detection_folder_question(struct arena *arena, const struct detection *detection)
{
    const struct folder *const folder = &detection->folder;
    return !detection->has_folder || folder->unread == NULL
               ? NULL
               : arena_printf(arena, "%s. Say which folder is meant by --migrations (%s was looked at).",
                              folder->unread, folder->path);
}

const struct habits *detection_habits(const struct detection *detection)
{
    return detection->has_folder && detection->folder.habits != NULL ? detection->folder.habits
                                                                     : &detection->framework->habits;
}
