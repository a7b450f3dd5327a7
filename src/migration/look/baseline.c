#include "migration/look/baseline.h"

bool baseline_problem(const struct request *request, struct pg_session *session, const struct detection *detection,
                      const char **problem)
{
    /* What an extension brought (spatial_ref_sys of PostGIS) is not somebody's. */
    static const char sql[] =
        "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS "
        "(SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
        "AND d.objid = c.oid AND d.deptype = 'e') ORDER BY c.relname LIMIT 1";
    *problem = NULL;
    if (detection->has_ledger || !detection->framework->ledger.needs_baseline) {
        return true;
    }
    const char *const schema = detection->ledger.schema;
    PG_RESULT(result) = pg_query(session, sql, 1, (const char *const[]){schema}, request->status);
    if (result != NULL && PQntuples(result) > 0) {
        *problem = arena_printf(
            request->arena,
            "The schema \"%s\" is not empty (it has \"%s\") and has no %s tracking table: mark the migrations that it "
            "has already as applied (truss baseline --all --verify), then run the rest (its own tool refuses it, too: "
            "%s).",
            schema, pg_field(result, 0, 0), detection->framework->display_name,
            detection->framework->ledger.baseline_note);
    }
    return result != NULL;
}

bool baseline_check(const struct request *request, struct pg_session *session, const struct detection *detection)
{
    const char *problem;
    return baseline_problem(request, session, detection, &problem) &&
           (problem == NULL || status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s", problem));
}
