/*
 * FIRST 2 (a, b), ANY 2 (a, b) and 2 (a, b) ask for two standbys; a plain list asks for one. Those that are waited for
 * have the state sync or quorum.
 */
#include "pg/synchronous.h"

#include "pg/query.h"
#include "pg/values.h"

bool synchronous_why_commits_wait(struct pg_session *session, const char **why, struct status *status)
{
    static const char sql[] =
        "SELECT pg_catalog.format('synchronous_standby_names is %L, and %s: every commit waits for one, without end. "
        "Start it, or take it out of the setting (pg_reload_conf).', s.names, CASE WHEN c.there = 0 THEN 'no such "
        "standby is connected' ELSE pg_catalog.format('%s of %s standbys that it asks for %s connected', c.there, "
        "s.wanted, CASE WHEN c.there = 1 THEN 'is' ELSE 'are' END) END) FROM (SELECT n.names, "
        "coalesce(pg_catalog.substring(pg_catalog.lower(n.names), "
        "'^[[:space:]]*(?:(?:first|any)[[:space:]]+)?([0-9]+)[[:space:]]*[(]'), '1')::int AS wanted FROM (SELECT "
        "pg_catalog.current_setting('synchronous_standby_names') AS names) n) s CROSS JOIN (SELECT "
        "pg_catalog.count(*) AS there FROM pg_catalog.pg_stat_replication r WHERE r.sync_state IS NULL OR r.sync_state "
        "IN ('sync', 'quorum')) c WHERE s.names <> '' AND c.there < s.wanted AND "
        "pg_catalog.current_setting('synchronous_commit') NOT IN ('off', 'local') AND NOT "
        "pg_catalog.pg_is_in_recovery()";
    PG_RESULT(result) = pg_query_kept(session, sql, 0, NULL, status);
    *why = result == NULL || PQntuples(result) == 0 ? NULL : pg_field_copy(status->arena, result, 0, 0);
    return result != NULL;
}

bool synchronous_check(struct pg_session *session, struct status *status)
{
    const char *why;
    return synchronous_why_commits_wait(session, &why, status) &&
           (why == NULL || status_fail(status, STATUS_FAILED_PRECONDITION, "%s Nothing was done.", why));
}
