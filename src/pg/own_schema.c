/*
 * For a role with the name of our schema ("truss"): as soon as we have created the schema, "$user" in the role's search
 * path would mean it, and unqualified objects of scripts would get between our tables. If the schema contains only our
 * objects, the session omits "$user", so that names mean what they mean to the framework's own tool. A schema of that
 * name with other tables is the role's own, and stays in the path. The path is set by a connection option, so that
 * RESET ALL restores it.
 */
#include "pg/session_state.h"

#include "pg/conninfo_reading.h"
#include "pg/exec_private.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/values.h"

#include <string.h>

/* The path without "$user", if that means our schema or would once we create it. */
static const char path_sql[] =
    "SELECT CASE WHEN pg_catalog.length(p.rest) OPERATOR(pg_catalog.>) 0 THEN p.rest ELSE '\"\"' END FROM (SELECT "
    "pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.current_setting('search_path'), "
    "'\"?[$]user\"?\\s*,?', ''), ' ,') AS rest) p WHERE "
    "pg_catalog.strpos(pg_catalog.current_setting('search_path'), '$user') OPERATOR(pg_catalog.>) 0 AND NOT EXISTS ("
    "SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) '{truss}'::pg_catalog.name AND ("
    "NOT EXISTS (SELECT FROM pg_catalog.pg_class o WHERE o.relnamespace OPERATOR(pg_catalog.=) n.oid) OR EXISTS ("
    "SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace OPERATOR(pg_catalog.=) n.oid AND NOT c.relkind "
    "OPERATOR(pg_catalog.=) ANY ('{i,I,t}'::pg_catalog.\"char\"[]) AND NOT c.relname OPERATOR(pg_catalog.=) ANY "
    "(" OWN_TABLES "))))";

/* *other becomes the connection to open instead; false if this one is fine, or the query fails. */
static bool wants_another(struct pg_session *session, const struct conninfo *conninfo, struct arena *arena,
                          struct conninfo *other)
{
    struct status ignored = {.arena = arena};
    if (strcmp(pg_session_user(session), pg_session_own_schema(session)) != 0) {
        return false;
    }
    PG_RESULT(result) = session_query(session, own_sql(arena, session, path_sql), 0, NULL, &ignored);
    if (result == NULL || PQntuples(result) != 1) {
        return false;
    }
    struct buffer options = {.arena = arena};
    const char *const before = conninfo_value(conninfo, "options");
    buffer_puts(&options, before == NULL ? "" : before);
    conninfo_put_setting(&options, "search_path", pg_field(result, 0, 0));
    *other = *conninfo;
    return conninfo_put(other, "options", buffer_string(&options));
}

struct pg_session *session_without_own_schema(struct pg_session *session, const struct conninfo *conninfo,
                                              int64_t deadline)
{
    struct arena *const arena = arena_new(0);
    struct status ignored = {.arena = arena};
    struct conninfo other;
    struct pg_session *const better =
        wants_another(session, conninfo, arena, &other) ? session_open_as_said(&other, deadline, &ignored) : NULL;
    pg_session_free(better == NULL ? NULL : session); /* a pooler may refuse the option */
    arena_free(arena);
    return better == NULL ? session : better;
}
