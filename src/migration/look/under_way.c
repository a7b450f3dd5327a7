/*
 * Asked for each status of a database in which something is pending: one look at the locks.
 */
#include "migration/look/under_way.h"

#include "base/clock.h"
#include "base/digest.h"
#include "migration/events.h"
#include "pg/locks.h"
#include "pg/query.h"
#include "pg/values.h"

uint32_t under_way_key(const struct ledger *ledger)
{
    return fnv1a_add(fnv1a_add(fnv1a_add(FNV1A_START, ledger->schema), "."), ledger->table);
}

static const char *since(struct arena *arena, int64_t began)
{
    char at[RFC3339_SIZE];
    if (began == NO_TIME) {
        return NULL;
    }
    clock_for_people(began, at);
    return arena_printf(arena, "in a transaction since %s", at);
}

bool under_way_read(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                    const char **sentence)
{
    static const char sql[] =
        "SELECT a.pid, a.application_name, a.usename, (extract(epoch FROM a.xact_start) OPERATOR(pg_catalog.*) "
        "1000000)::bigint "
        "FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid "
        "WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 2 "
        "AND l.classid OPERATOR(pg_catalog.=) " LOCKS_CLASS "::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) "
        "$1::pg_catalog.oid AND a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() LIMIT 1";
    *sentence = NULL;
    if (catalog->detection.framework == NULL || catalog->counts[MIGRATION_PENDING] == 0) {
        return true;
    }
    const char *const values[] = {arena_printf(request->arena, "%u", under_way_key(&catalog->detection.ledger))};
    PG_RESULT(result) = pg_query_kept(session, sql, 1, values, request->status);
    if (result != NULL && PQntuples(result) > 0) {
        struct arena *const arena = request->arena;
        const struct run_blocker runner = {.pid = (uint32_t)pg_field_int(result, 0, 0, 0),
                                           .application = pg_field_copy(arena, result, 0, 1),
                                           .user = pg_field_copy(arena, result, 0, 2)};
        *sentence = arena_printf(arena,
                                 "A run is under way: %s. What is pending here may be applied when it ends. If its "
                                 "worker is gone, it ends with its statement, or by pg_terminate_backend(%u).",
                                 blocker_name(arena, &runner, since(arena, pg_field_us(result, 0, 3))), runner.pid);
    }
    return result != NULL;
}
