/*
 * One statement or script: sent, and all of its results taken in.
 */
#include "pg/receive.h"

struct statement {
    const char *sql;
    int count;
    const char *const *values;
    int format; /* of the result: 0 text, 1 binary */
};

static PGresult *query(struct pg_session *session, const struct statement *statement, struct status *status)
{
    PGresult *result = NULL;
    struct receipt receipt = {.last = &result, .status = status, .ok = true};
    if (!receive_ready(session, status)) {
        return NULL;
    }
    if (PQsendQueryParams(session->connection, statement->sql, statement->count, NULL, statement->values, NULL, NULL,
                          statement->format) == 0) {
        receive_lost(session, status);
        return NULL;
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
    return query(session, &(struct statement){sql, count, values, 0}, status);
}

/* Behind a pooler nothing lasts longer than a transaction: the path of our own neither. */
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
    return query_pinned(session, &(struct statement){sql, count, values, 0}, status);
}

PGresult *pg_query_binary(struct pg_session *session, const char *sql, struct status *status)
{
    return query_pinned(session, &(struct statement){sql, 0, NULL, 1}, status);
}

PGresult *pg_query_simple(struct pg_session *session, const char *sql, struct status *status)
{
    PGresult *result = NULL;
    struct receipt receipt = {.last = &result, .status = status, .ok = true};
    if (!receive_ready(session, status)) {
        return NULL;
    }
    if (PQsendQuery(session->connection, sql) == 0) {
        receive_lost(session, status);
        return NULL;
    }
    if (!receive_all(session, &receipt)) {
        PQclear(result);
        return NULL;
    }
    return result;
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
    PQsetSingleRowMode(session->connection); /* or libpq would keep all rows of a result until its end */
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
