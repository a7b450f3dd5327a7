/*
 * Statements are kept by the address of their text.
 */
#include "pg/kept.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/sqlstate.h"
#include "pg/own_sql.h"
#include "pg/receive.h"

#include <stdio.h>
#include <string.h>

#define KEPT_AFTER_MS 1000 /* a run may get a session that is up to 250 ms old (pool.c) */

static size_t place_of(const struct pg_session *session, const char *sql)
{
    size_t i = 0;
    while (i < PG_MOST_KEPT && session->kept[i] != NULL && session->kept[i] != sql) {
        i++;
    }
    return i;
}

bool pg_query_is_kept(const struct pg_session *session, const char *sql)
{
    const size_t place = place_of(session, sql);
    return place < PG_MOST_KEPT && session->kept[place] == sql;
}

/* Named by its text: behind an unnoticed pooler the same name then means the same text, whoever prepared it. */
static void name_it(struct pg_session *session, const char *sql, size_t place)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256_text(text_of(sql), digest);
    sha256_hex(digest, hex);
    snprintf(session->kept_names[place], KEPT_NAME, "truss_%.24s", hex);
}

void pg_session_let_keep(struct pg_session *session, bool may_keep)
{
    session->may_keep = may_keep;
}

static bool prepare(struct pg_session *session, const char *sql, size_t place, struct status *status)
{
    struct receipt prepared = {.status = status, .ok = true};
    name_it(session, sql, place);
    if (!receive_ready(session, status)) {
        return false;
    }
    if (PQsendPrepare(session->connection, session->kept_names[place], sql, 0, NULL) == 0) {
        return receive_lost(session, status);
    }
    return receive_all(session, &prepared);
}

bool session_keeps(const struct pg_session *session)
{
    return session->may_keep && !session->is_pooled && pg_session_is_pinned(session) &&
           clock_ms() - session->opened_at >= KEPT_AFTER_MS;
}

bool session_has_kept(const struct pg_session *session, const char *name)
{
    for (size_t i = 0; session_keeps(session) && i < PG_MOST_KEPT && session->kept[i] != NULL; i++) {
        if (strcmp(session->kept_names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const char *session_kept_name(const struct pg_session *session, const char *sql)
{
    return session_keeps(session) && pg_query_is_kept(session, sql) ? session->kept_names[place_of(session, sql)]
                                                                    : NULL;
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

static void keep_nothing(struct pg_session *session, size_t place, struct status *status)
{
    session->kept[place] = NULL;
    session->may_keep = false;
    *status = (struct status){.arena = status->arena};
}

bool kept_query(struct pg_session *session, struct statement *statement, PGresult **result, struct status *status)
{
    const char *const sql = statement->sql;
    const size_t place = place_of(session, sql);
    *result = NULL;
    statement->sql = own_sql(status->arena, session, sql);
    if (place == PG_MOST_KEPT || !session_keeps(session)) {
        return false;
    }
    if (session->kept[place] == NULL && !prepare(session, statement->sql, place, status)) {
        const bool is_there = is_of_another(session, status);
        if (is_there) {
            keep_nothing(session, place, status);
        }
        return !is_there;
    }
    session->kept[place] = sql;
    statement->name = session->kept_names[place];
    *result = exec_statement(session, statement, status);
    statement->name = NULL;
    const bool is_gone = *result == NULL && is_of_another(session, status);
    if (is_gone) {
        keep_nothing(session, place, status);
    }
    return !is_gone;
}

PGresult *session_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                             struct status *status)
{
    struct statement statement = {.sql = sql, .count = count, .values = values};
    PGresult *result;
    return kept_query(session, &statement, &result, status) ? result : exec_statement(session, &statement, status);
}
