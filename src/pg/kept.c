/*
 * Statements are kept by their text.
 */
#include "pg/kept.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/sqlstate.h"
#include "pg/own_sql.h"
#include "pg/query_trace.h"
#include "pg/values.h"

#include <stdio.h>
#include <string.h>

#define KEPT_AFTER_MS 1000 /* a run may get a session that is up to 250 ms old (pool.c) */

static size_t place_of(const struct pg_session *session, const char *sql)
{
    size_t i = 0;
    while (i < PG_MOST_KEPT && session->kept[i].text != NULL && strcmp(session->kept[i].text, sql) != 0) {
        i++;
    }
    return i;
}

bool pg_query_is_kept(const struct pg_session *session, const char *sql)
{
    const size_t place = place_of(session, sql);
    return place < PG_MOST_KEPT && session->kept[place].text != NULL && !session->kept[place].is_refused;
}

/* Named by its text: behind an unnoticed pooler the same name then means the same text, whoever prepared it. */
static void name_it(struct kept *kept, const char *sql)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256_text(text_of(sql), digest);
    sha256_hex(digest, hex);
    snprintf(kept->name, sizeof kept->name, "truss_%.24s", hex);
}

void pg_session_let_keep(struct pg_session *session, bool may_keep)
{
    session->may_keep = may_keep;
}

/* Otherwise the server would plan a statement anew at each of its first five uses, and often later. Ours read the
 * catalogs by their indexes, whatever the values are. Not in a transaction, whose end may undo it. */
static void put_generic(struct buffer *sql, const struct pg_session *session)
{
    if (!session->is_generic && !pg_session_in_transaction(session)) {
        buffer_printf(sql,
                      "SELECT pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', false) "
                      "WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) %d;",
                      pg_session_backend_pid(session));
    }
}

void kept_put_execute(struct buffer *sql, const char *name, int count, const char *const *values)
{
    buffer_printf(sql, "EXECUTE %s", name);
    for (int i = 0; i < count; i++) {
        buffer_puts(sql, i == 0 ? " (" : ", ");
        pg_put_value(sql, values[i]);
    }
    buffer_puts(sql, count > 0 ? ")" : "");
}

/* Prepares and executes it in one message: a round trip more would cost a distant user more than planning. */
static PGresult *prepare(struct pg_session *session, const struct statement *statement, struct kept *kept,
                         struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    const bool is_outside = !pg_session_in_transaction(session);
    name_it(kept, statement->sql);
    put_generic(&sql, session);
    buffer_printf(&sql, "PREPARE %s AS %s;", kept->name, statement->sql);
    kept_put_execute(&sql, kept->name, statement->count, statement->values);
    PGresult *const result = session_query_simple(session, buffer_string(&sql), NULL, status);
    query_trace_doubt(); /* it cannot be prepared a second time */
    session->is_generic = session->is_generic || (is_outside && result != NULL);
    return result;
}

bool session_keeps(const struct pg_session *session)
{
    return session->may_keep && !session->is_pooled && pg_session_is_pinned(session) &&
           clock_ms() - session->opened_at >= KEPT_AFTER_MS;
}

bool session_has_kept(const struct pg_session *session, const char *name)
{
    for (size_t i = 0; session_keeps(session) && i < PG_MOST_KEPT && session->kept[i].text != NULL; i++) {
        if (!session->kept[i].is_refused && strcmp(session->kept[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *session_kept_name(const struct pg_session *session, const char *sql)
{
    return session_keeps(session) && pg_query_is_kept(session, sql) ? session->kept[place_of(session, sql)].name : NULL;
}

/* Does the server, behind a pooler, use another session than the one that prepared it? The pooler may also say so
 * itself. */
static bool is_of_another(const struct pg_session *session, const struct status *status)
{
    return !session->is_lost && !pg_session_in_transaction(session) &&
           (sqlstate_is(status->sqlstate, SQLSTATE_NO_SUCH_STATEMENT) ||
            sqlstate_is(status->sqlstate, SQLSTATE_DUPLICATE_STATEMENT) ||
            sqlstate_is(status->sqlstate, SQLSTATE_PROTOCOL_VIOLATION));
}

static PGresult *exec_kept(struct pg_session *session, struct statement *statement, const struct kept *kept,
                           struct status *status)
{
    statement->name = kept->name;
    PGresult *const result = exec_statement(session, statement, status);
    statement->name = NULL;
    return result;
}

bool kept_query(struct pg_session *session, struct statement *statement, PGresult **result, struct status *status)
{
    const char *const text = statement->sql;
    const size_t place = place_of(session, text);
    struct kept *const kept = &session->kept[place < PG_MOST_KEPT ? place : 0];
    *result = NULL;
    statement->sql = own_sql(status->arena, session, text);
    if (place == PG_MOST_KEPT || kept->is_refused || !session_keeps(session)) {
        return false;
    }
    const bool is_new = kept->text == NULL;
    *result = is_new ? prepare(session, statement, kept, status) : exec_kept(session, statement, kept, status);
    const bool is_of_other = *result == NULL && is_of_another(session, status);
    kept->text = is_new ? memory_strdup(text) : kept->text;
    kept->is_refused = is_of_other || (is_new && *result == NULL); /* it may be prepared, or not */
    if (is_of_other) {
        session->may_keep = false;
        *status = (struct status){.arena = status->arena};
    }
    return !is_of_other;
}

PGresult *session_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                             struct status *status)
{
    struct statement statement = {.sql = sql, .count = count, .values = values};
    PGresult *result;
    return kept_query(session, &statement, &result, status) ? result : exec_statement(session, &statement, status);
}
