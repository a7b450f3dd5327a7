/*
 * Sends one statement or script and receives all of its results.
 */
#include "base/digest.h"
#include "base/sqlstate.h"
#include "pg/own_sql.h"
#include "pg/receive.h"

#include <stdio.h>
#include <string.h>

#define KEPT_AFTER_MS 1000 /* a run may get a session that is up to 250 ms old (pool.c) */

struct statement {
    const char *sql;
    const char *name; /* of a prepared statement; NULL: it is sent as text */
    int count;
    const char *const *values;
    int format;     /* of the result: 0 text, 1 binary */
    bool is_simple; /* one message of the simple protocol, maybe of several statements; no values */
    const struct pg_meanwhile *meanwhile;
};

static int send(const struct pg_session *session, const struct statement *one)
{
    if (one->is_simple) {
        return PQsendQuery(session->connection, one->sql);
    }
    return one->name != NULL
               ? PQsendQueryPrepared(session->connection, one->name, one->count, one->values, NULL, NULL, one->format)
               : PQsendQueryParams(session->connection, one->sql, one->count, NULL, one->values, NULL, NULL,
                                   one->format);
}

static PGresult *query(struct pg_session *session, const struct statement *statement, struct status *status)
{
    PGresult *result = NULL;
    struct receipt receipt = {.last = &result, .status = status, .ok = true};
    if (!receive_ready(session, status)) {
        return NULL;
    }
    if (send(session, statement) == 0) {
        receive_lost(session, status);
        return NULL;
    }
    if (statement->meanwhile != NULL && statement->meanwhile->work != NULL) {
        PQflush(session->connection);
        statement->meanwhile->work(statement->meanwhile->data);
    }
    if (!receive_all(session, &receipt)) {
        PQclear(result);
        return NULL;
    }
    return result;
}

PGresult *session_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status)
{
    return query(session, &(struct statement){.sql = sql, .count = count, .values = values}, status);
}

/* Behind a pooler nothing lasts longer than a transaction, including our search path. */
static PGresult *query_pinned(struct pg_session *session, const struct statement *statement, struct status *status)
{
    if (!session->is_pooled || pg_session_in_transaction(session)) {
        return query(session, statement, status);
    }
    struct status ignored = {.arena = status->arena};
    PGresult *result = NULL;
    if (pg_exec(session, "BEGIN", status)) {
        result = pg_session_pin(session, status) ? query(session, statement, status) : NULL;
        pg_exec(session, "COMMIT", &ignored);
    }
    return result;
}

PGresult *pg_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status)
{
    return query_pinned(session, &(struct statement){.sql = sql, .count = count, .values = values}, status);
}

PGresult *pg_query_binary(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                          struct status *status)
{
    return query_pinned(session, &(struct statement){.sql = sql, .format = 1, .meanwhile = meanwhile}, status);
}

/* ---- prepared statements ---- */

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

/* Returns true if the prepared statement was used, with its *result. Otherwise it must be sent as text; also if the
 * server no longer has it, because an unnoticed pooler has changed the backend. */
static bool query_as_kept(struct pg_session *session, struct statement *statement, PGresult **result,
                          struct status *status)
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
    *result = query(session, statement, status);
    statement->name = NULL;
    const bool is_gone = *result == NULL && is_of_another(session, status);
    if (is_gone) {
        keep_nothing(session, place, status);
    }
    return !is_gone;
}

PGresult *pg_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status)
{
    struct statement statement = {.sql = sql, .count = count, .values = values};
    PGresult *result;
    return query_as_kept(session, &statement, &result, status) ? result : query_pinned(session, &statement, status);
}

PGresult *session_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                             struct status *status)
{
    struct statement statement = {.sql = sql, .count = count, .values = values};
    PGresult *result;
    return query_as_kept(session, &statement, &result, status) ? result : query(session, &statement, status);
}

PGresult *session_query_simple(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                               struct status *status)
{
    return query(session, &(struct statement){.sql = sql, .is_simple = true, .meanwhile = meanwhile}, status);
}

PGresult *pg_query_simple(struct pg_session *session, const char *sql, struct status *status)
{
    return session_query_simple(session, sql, NULL, status);
}

bool pg_script(struct pg_session *session, const char *sql, struct pg_failure *failure, struct status *status)
{
    struct receipt receipt = {.status = status, .ok = true};
    *failure = (struct pg_failure){0};
    if (!receive_ready(session, status)) {
        return false;
    }
    if (PQsendQuery(session->connection, sql) == 0) {
        return receive_lost(session, status);
    }
    PQsetSingleRowMode(session->connection); /* otherwise libpq would store all rows of a result */
    const bool ok = receive_all(session, &receipt);
    failure->statement = receipt.number;
    failure->position = ok ? 0 : status->position;
    failure->context = session->context;
    return ok;
}

bool pg_exec(struct pg_session *session, const char *sql, struct status *status)
{
    struct pg_failure failure;
    return pg_script(session, sql, &failure, status);
}

void pg_session_roll_back(struct pg_session *session)
{
    if (pg_session_in_transaction(session)) {
        struct arena *const arena = arena_new(0);
        struct status ignored = {.arena = arena};
        pg_exec(session, "ROLLBACK", &ignored);
        arena_free(arena);
    }
}

PGresult *pg_describe(struct pg_session *session, const char *sql, struct status *status)
{
    PGresult *result = NULL;
    struct receipt prepared = {.last = &result, .status = status, .ok = true};
    if (!receive_ready(session, status)) {
        return NULL;
    }
    if (PQsendPrepare(session->connection, "", sql, 0, NULL) == 0) {
        receive_lost(session, status);
        return NULL;
    }
    if (receive_all(session, &prepared)) {
        struct receipt described = {.last = &result, .status = status, .ok = true};
        if (PQsendDescribePrepared(session->connection, "") == 0) {
            receive_lost(session, status);
        } else if (receive_all(session, &described)) {
            return result;
        }
    }
    PQclear(result);
    return NULL;
}
