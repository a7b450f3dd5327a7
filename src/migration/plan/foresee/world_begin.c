#include "migration/plan/foresee/world_begin.h"

#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

const char *const *session_usual_path(const struct request *request, struct pg_session *session)
{
    static const char sql[] = "SELECT p.name FROM (SELECT $1::name AS name, 0 AS number UNION ALL SELECT s.name, "
                              "s.number FROM pg_catalog.unnest(" PG_SCRIPT_SCHEMAS ") "
                              "WITH ORDINALITY AS s(name, number)) p WHERE p.name IS NOT NULL ORDER BY p.number";
    const char *const schema = request->site->project.schema;
    struct status unanswered = {.arena = request->arena};
    PG_RESULT(result) = pg_query_kept(session, sql, 1, &schema, &unanswered);
    const size_t count = result == NULL ? 0 : (size_t)PQntuples(result);
    const char **const path = arena_array(request->arena, count + 1, sizeof *path);
    for (size_t i = 0; i < count; i++) {
        path[i] = arena_strdup(request->arena, pg_field(result, (int)i, 0));
    }
    path[count] = NULL;
    return path;
}

bool session_has_nothing(const struct request *request, struct pg_session *session)
{
    static const char sql[] =
        "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname <> 'information_schema' "
        "AND n.nspname <> '{truss}' AND n.nspname NOT LIKE 'pg\\_%' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d "
        "WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'))";
    struct status unanswered = {.arena = request->arena};
    PG_RESULT(result) = pg_query_kept(session, sql, 0, NULL, &unanswered);
    return result != NULL && pg_field_bool(result, 0, 0);
}
