/*
 * One statement both reads and sets the path.
 */
#include "pg/search.h"

#include "base/arena.h"
#include "base/sqlstate.h"
#include "pg/exec_private.h"
#include "pg/kept.h"
#include "pg/query_trace.h"
#include "pg/session_state.h"
#include "pg/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `pid` is our backend; is_local: only until the end of the transaction; is_set: the present path is the scripts';
 * `other`: a path in place of the session's own (NULL: none). The innermost query activates the session's own path
 * (set_config with NULL resets it, at a tenth of the cost of reading pg_settings), the next reads it, the outermost
 * replaces it: each uses the result of the inner one, and OFFSET keeps them separate. The role's transaction_timeout
 * (PostgreSQL 17) is lifted as well: it must not end transactions of ours. So are its limits for idle sessions: files
 * are read between two queries. */
#define LIFT(setting, value)                                                                                           \
    "CASE WHEN pg_catalog.current_setting('" setting "', true) OPERATOR(pg_catalog.<>) '0' THEN "                      \
    "pg_catalog.set_config('" setting "', '" value "', c.is_local) END"
#define LIFT_ALL                                                                                                       \
    LIFT("transaction_timeout", "0")                                                                                   \
    ", " LIFT("idle_session_timeout", "0") ", " LIFT("idle_in_transaction_session_timeout", "300s")
#define PIN(pid, is_local, is_set, other)                                                                              \
    "SELECT c.path, c.schemas, pg_catalog.set_config('truss.path', pg_catalog.concat_ws(', ', 'pg_catalog', "          \
    "CASE WHEN pg_catalog.length(c.path) OPERATOR(pg_catalog.>) 0 THEN c.path END), c.is_local), "                     \
    "pg_catalog.set_config('truss.schemas', c.schemas, c.is_local), "                                                  \
    "pg_catalog.set_config('search_path', pg_catalog.concat('" PG_OUR_PATH "', "                                       \
    "pg_catalog.substr(c.schemas, pg_catalog.length(c.schemas) OPERATOR(pg_catalog.+) 1)), c.is_local), " LIFT_ALL     \
    " FROM (SELECT b.path, b.is_local, pg_catalog.array_to_string(pg_catalog.current_schemas(b.path IS NULL), "        \
    "pg_catalog.chr(31)) AS schemas FROM ("                                                                            \
    "SELECT CASE WHEN " is_set "::pg_catalog.bool THEN pg_catalog.current_setting('search_path') "                     \
    "ELSE pg_catalog.set_config('search_path', " other "::pg_catalog.text, " is_local "::pg_catalog.bool) END AS "     \
    "path, " is_local "::pg_catalog.bool AS is_local WHERE " is_local "::pg_catalog.bool "                             \
    "OR pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) " pid "::pg_catalog.int4 OFFSET 0) b OFFSET 0) c"

static const char pin_sql[] = PIN("$1", "$2", "$3", "$4");

/* Pinned for the session. */
static const char pin_to_last_sql[] = PIN("%d", "false", "false", "NULL");

#define READING "BEGIN READ ONLY;SET LOCAL row_security = off"

/* Records what was pinned. */
static void note_path(struct pg_session *session, const PGresult *result, bool is_set)
{
    const bool is_pooled = PQntuples(result) == 0;
    free(session->path);
    free(session->schemas);
    session->path = memory_strdup(is_pooled ? "" : PQgetvalue(result, 0, 0));
    session->schemas = memory_strdup(is_pooled ? "" : PQgetvalue(result, 0, 1));
    session->is_pooled = session->is_pooled || is_pooled;
    session->has_other_path = is_set || session->other_path != NULL;
}

/* Does the path begin with this schema? */
static bool begins_with(const char *path, const char *schema)
{
    const bool is_quoted = path[0] == '"';
    path += is_quoted ? 1 : 0;
    for (; *schema != '\0' && *path == *schema; path++, schema++) {
        path += is_quoted && *path == '"' && path[1] == '"' ? 1 : 0;
    }
    return *schema == '\0' && (is_quoted ? *path == '"' && path[1] != '"' : strchr(", ", *path) != NULL);
}

/* If the path begins with the schema that will be created, it counts as existing. */
static bool expect_schema(struct pg_session *session, bool is_local, struct status *status)
{
    static const char sql[] =
        "SELECT pg_catalog.set_config('truss.schemas', pg_catalog.concat_ws(pg_catalog.chr(31), $1::pg_catalog.text, "
        "CASE WHEN pg_catalog.length(s.now) OPERATOR(pg_catalog.>) 0 THEN s.now END), $2::pg_catalog.bool) "
        "FROM (SELECT pg_catalog.current_setting('truss.schemas') AS now) s";
    const char *const schema = session->expected;
    const size_t size = schema == NULL ? 0 : strlen(schema);
    const bool is_there = schema != NULL && strncmp(session->schemas, schema, size) == 0 &&
                          (session->schemas[size] == '\0' || session->schemas[size] == PG_SCHEMA_END);
    if (schema == NULL || session->is_pooled != is_local || is_there || !begins_with(session->path, schema)) {
        return true;
    }
    PG_RESULT(result) =
        session_query(session, sql, 2, (const char *const[]){schema, is_local ? "true" : "false"}, status);
    if (result != NULL) {
        free(session->schemas);
        session->schemas = memory_strdup(PQgetvalue(result, 0, 0));
    }
    return result != NULL;
}

static bool pin(struct pg_session *session, bool is_local, bool is_set, struct status *status)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%d", pg_session_backend_pid(session));
    const char *const values[] = {pid, is_local ? "true" : "false", is_set ? "true" : "false", session->other_path};
    query_trace_doubt(); /* the number is this session's */
    PG_RESULT(result) = session_query_kept(session, pin_sql, 4, values, status);
    if (result != NULL) {
        note_path(session, result, is_set);
    }
    return result != NULL && expect_schema(session, is_local, status);
}

static void set_other_path(struct pg_session *session, const char *path)
{
    free(session->other_path);
    session->other_path = memory_strdup(path);
    session->has_other_path = session->has_other_path || path != NULL;
}

static void set_expected(struct pg_session *session, const char *schema)
{
    free(session->expected);
    session->expected = memory_strdup(schema);
}

bool pg_session_pin(struct pg_session *session, struct status *status)
{
    if (!pg_session_in_transaction(session)) {
        set_other_path(session, NULL);
        set_expected(session, NULL);
        session->has_other_path = session->has_other_path && !session->is_pooled;
    }
    /* A pooler is detected only by the first answer. */
    if (!session->is_pooled && !pin(session, false, false, status)) {
        return false;
    }
    return !session->is_pooled || !pg_session_in_transaction(session) || pin(session, true, false, status);
}

bool session_put_pin(struct buffer *sql, const struct pg_session *session, const char *before, const char *behind)
{
    const char *const kept = session_kept_name(session, pin_sql);
    if (kept != NULL) {
        buffer_printf(sql, "%sEXECUTE %s (%d, false, false, NULL)%s", before, kept, pg_session_backend_pid(session),
                      behind);
    }
    return kept != NULL;
}

/* Pins for the session, between these statements. */
static bool pin_between(struct pg_session *session, const char *before, const char *behind, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    const bool is_kept = session_put_pin(&sql, session, before, behind);
    if (!is_kept) {
        buffer_puts(&sql, before);
        buffer_printf(&sql, pin_to_last_sql, pg_session_backend_pid(session));
        buffer_puts(&sql, behind);
        query_trace_doubt();
    }
    PG_RESULT(result) = pg_query_simple(session, buffer_string(&sql), status);
    if (result != NULL) {
        query_trace_pinned(before, behind);
        set_other_path(session, NULL);
        set_expected(session, NULL);
        note_path(session, result, false);
    }
    return result != NULL;
}

bool pg_session_pin_behind(struct pg_session *session, const char *sql, struct status *status)
{
    return session->is_pooled ? pg_exec(session, sql, status) && pg_session_pin(session, status)
                              : pin_between(session, sql, "", status);
}

/* The pin must outlast the transaction. */
static bool pin_and_read(struct pg_session *session, struct status *status)
{
    const bool is_kept = session_kept_name(session, pin_sql) != NULL;
    if (pin_between(session, "BEGIN;", ";COMMIT;" READING, status)) {
        return true;
    }
    if (!is_kept || session->is_lost || !sqlstate_is(status->sqlstate, SQLSTATE_NO_SUCH_STATEMENT)) {
        return false;
    }
    /* An unnoticed pooler has changed to a backend that has not prepared it. */
    pg_session_let_keep(session, false);
    *status = (struct status){.arena = status->arena};
    return pg_exec(session, "ROLLBACK", status) && pin_between(session, "BEGIN;", ";COMMIT;" READING, status);
}

bool pg_session_begin_reading(struct pg_session *session, struct status *status)
{
    const bool is_to_keep = session_keeps(session) && !pg_query_is_kept(session, pin_sql);
    const bool has_begun = session->is_pooled || is_to_keep
                               ? pg_session_pin(session, status) && pg_exec(session, READING, status)
                               : pin_and_read(session, status);
    /* Behind a pooler the path lasts only for this transaction. */
    return has_begun && (!session->is_pooled || pg_session_pin(session, status));
}

/* Sets the path that sql makes for each later transaction: what sql itself sets is undone, since the backend is
 * shared. */
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

bool pg_session_pin_as(struct pg_session *session, const char *sql, const char *expected, struct status *status)
{
    struct buffer set = {.arena = status->arena};
    query_trace_doubt(); /* if this were sent again, nobody would know that the session has another path */
    buffer_printf(&set, "RESET search_path;%s", sql);
    set_expected(session, expected);
    if (session->is_pooled) {
        return pin_pooled_as(session, buffer_string(&set), status);
    }
    session->has_other_path = true; /* even if it was only half done */
    return pg_exec(session, buffer_string(&set), status) && pin(session, false, true, status);
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
