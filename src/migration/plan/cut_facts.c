#include "migration/plan/cut_facts.h"

#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

bool cut_facts_procedures(struct pg_session *session, struct arena *arena, struct procedures *procedures,
                          struct status *status)
{
    static const char sql[] =
        "SELECT pg_catalog.lower(n.nspname), pg_catalog.lower(p.proname), n.nspname = ANY (" PG_SCRIPT_SCHEMAS "), "
        "p.prosrc FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN "
        "pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.prokind = 'p' AND l.lanname = 'plpgsql' ORDER BY p.oid";
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const char *const name = arena_strdup(arena, pg_field(result, i, 1));
        const struct text body = text_of(pg_field(result, i, 3));
        if (procedures_note(arena, procedures, arena_printf(arena, "%s.%s", pg_field(result, i, 0), name), body) &&
            pg_field_bool(result, i, 2)) {
            procedures_note(arena, procedures, name, body);
        }
    }
    return result != NULL;
}

bool cut_facts_deferred(struct pg_session *session, struct arena *arena, struct deferred *deferred,
                        struct status *status)
{
    static const char sql[] =
        "SELECT DISTINCT c.relname::text, t.tgisinternal FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON "
        "c.oid = t.tgrelid WHERE t.tginitdeferred AND t.tgenabled <> 'D' ORDER BY 1";
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        words_add(arena, pg_field_bool(result, i, 1) ? &deferred->checked : &deferred->fires,
                  arena_strdup(arena, pg_field(result, i, 0)));
    }
    return result != NULL;
}

bool cut_facts_targets(struct pg_session *session, struct arena *arena, struct targets *targets, struct status *status)
{
    static const char sql[] =
        "SELECT n.nspname, c.relname, NOT EXISTS (SELECT FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace m "
        "ON m.oid = o.relnamespace WHERE o.relname = c.relname AND o.relkind NOT IN ('p', 'I') AND "
        "(m.nspname = ANY (" PG_SCRIPT_SCHEMAS ") OR n.nspname <> ALL (" PG_SCRIPT_SCHEMAS "))) "
        "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('p', 'I') ORDER BY c.oid";
    static const char may_ask_sql[] = "SELECT pg_catalog.has_column_privilege('pg_catalog.pg_subscription', "
                                      "'subslotname', 'SELECT')";
    static const char subscriptions_sql[] =
        "SELECT s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid "
        "WHERE d.datname = pg_catalog.current_database() AND s.subslotname IS NULL";
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        const char *const name = arena_strdup(arena, pg_field(result, i, 1));
        targets_add(arena, targets, arena_printf(arena, "%s.%s", pg_field(result, i, 0), name), TARGET_PARTITIONED);
        if (pg_field_bool(result, i, 2)) {
            targets_add(arena, targets, name, TARGET_PARTITIONED);
        }
    }
    PG_RESULT(may_ask) = result == NULL ? NULL : pg_query(session, may_ask_sql, 0, NULL, status);
    const bool asks = may_ask != NULL && pg_field_bool(may_ask, 0, 0);
    PG_RESULT(slotless) = asks ? pg_query(session, subscriptions_sql, 0, NULL, status) : NULL;
    for (int i = 0; slotless != NULL && i < PQntuples(slotless); i++) {
        targets_add(arena, targets, arena_printf(arena, "subscription %s", pg_field(slotless, i, 0)),
                    TARGET_WITHOUT_SLOT);
    }
    return may_ask != NULL && (!asks || slotless != NULL);
}
