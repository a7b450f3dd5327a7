/*
 * One statement asks and then sets.
 */
#include "pg/search.h"

#include "pg/session_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* $1 our backend, $2 whether it lasts to the end of the transaction only, $3 whether the path that is in force now is
 * the scripts', $4 the one that is instead of the session's own (NULL: none). The innermost query puts the session's
 * own path in force (set_config of NULL resets, which costs a tenth of reading it from pg_settings), the next reads
 * what that is, the outermost replaces it: each gets what the one inside it gave, and OFFSET keeps each a query of its
 * own.
 */
static const char pin_sql[] =
    "SELECT c.path, c.schemas, pg_catalog.set_config('truss.path', pg_catalog.concat_ws(', ', 'pg_catalog', "
    "CASE WHEN pg_catalog.length(c.path) OPERATOR(pg_catalog.>) 0 THEN c.path END), c.is_local), "
    "pg_catalog.set_config('truss.schemas', c.schemas, c.is_local), "
    "pg_catalog.set_config('search_path', pg_catalog.concat('" PG_OUR_PATH "', "
    "pg_catalog.substr(c.schemas, pg_catalog.length(c.schemas) OPERATOR(pg_catalog.+) 1)), c.is_local) FROM ("
    "SELECT b.path, b.is_local, pg_catalog.array_to_string(pg_catalog.current_schemas(b.path IS NULL), "
    "pg_catalog.chr(31)) AS schemas FROM ("
    "SELECT CASE WHEN $3::pg_catalog.bool THEN pg_catalog.current_setting('search_path') "
    "ELSE pg_catalog.set_config('search_path', $4::pg_catalog.text, $2::pg_catalog.bool) END AS path, "
    "$2::pg_catalog.bool AS is_local WHERE $2::pg_catalog.bool "
    "OR pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) $1::pg_catalog.int4 OFFSET 0) b OFFSET 0) c";

static void note_path(struct pg_session *session, const PGresult *result)
{
    session->is_pooled = PQntuples(result) == 0;
    free(session->path);
    free(session->schemas);
    session->path = strdup(session->is_pooled ? "" : PQgetvalue(result, 0, 0));
    session->schemas = strdup(session->is_pooled ? "" : PQgetvalue(result, 0, 1));
}

static bool pin(struct pg_session *session, bool is_local, bool is_set, struct status *status)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%d", pg_session_backend_pid(session));
    const char *const values[] = {pid, is_local ? "true" : "false", is_set ? "true" : "false", session->other_path};
    PG_RESULT(result) = session_query_kept(session, pin_sql, 4, values, status);
    if (result == NULL) {
        return false;
    }
    const bool was_pooled = session->is_pooled;
    note_path(session, result);
    session->is_pooled = session->is_pooled || was_pooled;
    session->has_other_path = is_set || session->other_path != NULL;
    return true;
}

static void set_other_path(struct pg_session *session, const char *path)
{
    free(session->other_path);
    session->other_path = path == NULL ? NULL : strdup(path);
    session->has_other_path = session->has_other_path || path != NULL;
}

bool pg_session_pin(struct pg_session *session, struct status *status)
{
    if (!pg_session_in_transaction(session)) {
        set_other_path(session, NULL);
        session->has_other_path = session->has_other_path && !session->is_pooled;
    }
    /* Whether a pooler is between us is known behind the first answer only. */
    if (!session->is_pooled && !pin(session, false, false, status)) {
        return false;
    }
    return !session->is_pooled || !pg_session_in_transaction(session) || pin(session, true, false, status);
}

/* The path that sql makes, for each transaction to come: what it sets itself is undone, the backend is others', too. */
static bool pin_pooled_as(struct pg_session *session, const char *sql, struct status *status)
{
    struct status ignored = {.arena = status->arena};
    PGresult *path = NULL;
    if (pg_exec(session, "BEGIN", status) && pg_exec(session, sql, status)) {
        path = session_query(session, "SELECT pg_catalog.current_setting('search_path')", 0, NULL, status);
    }
    const bool is_back = pg_exec(session, "ROLLBACK", path == NULL ? &ignored : status);
    if (path != NULL && is_back) {
        set_other_path(session, PQgetvalue(path, 0, 0));
    }
    PQclear(path);
    return path != NULL && is_back;
}

bool pg_session_pin_as(struct pg_session *session, const char *sql, struct status *status)
{
    struct buffer set = {.arena = status->arena};
    buffer_printf(&set, "RESET search_path;%s", sql);
    if (session->is_pooled) {
        return pin_pooled_as(session, buffer_string(&set), status);
    }
    session->has_other_path = true; /* also where only half of it is done */
    return pg_exec(session, buffer_string(&set), status) && pin(session, false, true, status);
}

bool pg_session_is_pinned(const struct pg_session *session)
{
    return session->path != NULL && !session->has_other_path;
}

const char *pg_session_script_path(const struct pg_session *session)
{
    return session->path;
}

const char *pg_session_script_schemas(const struct pg_session *session)
{
    return session->schemas;
}

struct pg_session *pg_session_open_pinned(const struct conninfo *conninfo, int64_t deadline, struct status *status)
{
    struct pg_session *const session = pg_session_open(conninfo, deadline, status);
    if (session == NULL || pg_session_pin(session, status)) {
        return session;
    }
    pg_session_free(session);
    return NULL;
}
