/*
 * A context names a function as "PL/pgSQL function app.guard() line 3 at RAISE": with its schema if the search path
 * does not have that, so the name alone is compared. "PL/pgSQL" is all of it that no language translates; "()" is.
 */
#include "pg/listeners.h"

#include "pg/query.h"
#include "pg/values.h"

static const char named_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.format('%I (its function %I() belongs to the role %I)', e.evtname, "
    "p.proname, pg_catalog.pg_get_userbyid(p.proowner)), ', ' ORDER BY e.evtname) FROM pg_catalog.pg_event_trigger e "
    "JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) e.evtfoid WHERE " PG_LISTENS
    " AND e.evtevent OPERATOR(pg_catalog.<>) 'login' AND ($1::pg_catalog.text IS NULL OR "
    "pg_catalog.strpos($1::pg_catalog.text, pg_catalog.concat(pg_catalog.quote_ident(p.proname), '()')) "
    "OPERATOR(pg_catalog.>) 0 OR pg_catalog.strpos($1::pg_catalog.text, pg_catalog.concat(p.proname, '()')) "
    "OPERATOR(pg_catalog.>) 0)";

const char *listeners_named(struct arena *arena, struct pg_session *session, const char *context)
{
    struct status unanswered = {.arena = arena};
    PG_RESULT(result) = pg_query(session, named_sql, 1, &context, &unanswered);
    return result == NULL || PQntuples(result) == 0 || PQgetisnull(result, 0, 0)
               ? NULL
               : arena_strdup(arena, pg_field(result, 0, 0));
}
