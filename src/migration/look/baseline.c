#include "migration/look/baseline.h"

#include "framework/core/project_bounds.h"
#include "pg/query.h"
#include "pg/values.h"

/* Clears the occupant if the framework's tool would run all migrations anyway, because its baseline skips none of
 * them. */
static bool look_below(const struct request *request, const struct folder *folder, struct ledger_ground *ground)
{
    struct arena *const arena = request->arena;
    struct migration_files files;
    struct bounds bounds;
    const char *first = NULL;
    size_t count = 0;
    project_enter_bounds(arena, &request->site->project, &bounds);
    const bool is_listed = framework_list(arena, folder, &files, request->status);
    bounds_leave(&bounds);
    if (!is_listed) {
        return false;
    }
    for (size_t i = 0; i < files.count; i++) {
        if (folder->framework->hooks.is_below_baseline(folder, &files.items[i])) {
            first = first == NULL ? files.items[i].name : first;
            count++;
        }
    }
    if (count == 0) {
        ground->occupant = NULL;
        return true;
    }
    ground->habit = arena_printf(arena, "%s, passes over %s%s and runs the rest", folder->baseline, first,
                                 count == 1 ? "" : arena_printf(arena, " and %zu more", count - 1));
    return true;
}

bool ledger_ground_look(const struct request *request, struct pg_session *session, const struct detection *detection,
                        struct ledger_ground *ground)
{
    /* What an extension created (PostGIS's spatial_ref_sys) does not count. OFFSET keeps the server from planning a
     * join, which takes it longer than all the rest. */
    static const char sql[] =
        "SELECT pg_catalog.count(*) > 0, CASE WHEN $2 THEN (SELECT c.relname FROM pg_catalog.pg_class c WHERE "
        "c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $1) "
        "AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS "
        "(SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
        "AND d.objid = c.oid AND d.deptype = 'e' OFFSET 0) ORDER BY c.relname LIMIT 1) END FROM "
        "pg_catalog.pg_namespace s WHERE s.nspname = $1";
    const char *const values[] = {detection->ledger.schema,
                                  detection->framework->ledger.needs_baseline ? "true" : "false"};
    PG_RESULT(result) = pg_query_kept(session, sql, 2, values, request->status);
    *ground = (struct ledger_ground){0};
    if (result != NULL) {
        ground->has_schema = pg_field_bool(result, 0, 0);
        ground->occupant = arena_strdup(request->arena, pg_field(result, 0, 1));
    }
    const bool has_baseline = ground->occupant != NULL && detection->has_folder && detection->folder.baseline != NULL;
    return result != NULL && (!has_baseline || look_below(request, &detection->folder, ground));
}

static const char *problem_of(struct arena *arena, const struct detection *detection,
                              const struct ledger_ground *ground)
{
    return ground->occupant == NULL
               ? NULL
               : arena_printf(
                     arena,
                     "The schema \"%s\" is not empty (it has \"%s\") and has no %s tracking table: mark the migrations "
                     "that it has already as applied (truss baseline --all --verify), then run the rest (%s%s).",
                     detection->ledger.schema, ground->occupant, detection->framework->display_name,
                     ground->habit != NULL ? "" : "its own tool refuses it, too: ",
                     ground->habit != NULL ? ground->habit : detection->framework->ledger.baseline_note);
}

bool ledger_ground_check(const struct request *request, const struct detection *detection,
                         const struct ledger_ground *ground)
{
    const char *const problem = problem_of(request->arena, detection, ground);
    return problem == NULL || status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s", problem);
}

bool baseline_problem(const struct request *request, struct pg_session *session, const struct detection *detection,
                      const char **problem)
{
    struct ledger_ground ground = {0};
    const bool matters = !detection->has_ledger && detection->framework->ledger.needs_baseline;
    const bool ok = !matters || ledger_ground_look(request, session, detection, &ground);
    *problem = problem_of(request->arena, detection, &ground);
    return ok;
}

bool baseline_check(const struct request *request, struct pg_session *session, const struct detection *detection)
{
    const char *problem;
    return baseline_problem(request, session, detection, &problem) &&
           (problem == NULL || status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s", problem));
}
