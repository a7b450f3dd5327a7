/*
 * The rows of a statement, or the data of a COPY, one by one as they arrive.
 */
#include "pg/rows.h"

#include "pg/query_trace.h"
#include "pg/receive.h"

bool pg_rows_begin(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status)
{
    query_trace_doubt();
    if (!receive_ready(session, status)) {
        return false;
    }
    if (PQsendQueryParams(session->connection, sql, count, NULL, values, NULL, NULL, 0) == 0 ||
        PQsetSingleRowMode(session->connection) == 0) {
        return receive_lost(session, status);
    }
    receive_begin(session);
    return true;
}

/* The next result, owned by the caller; false if waiting ended otherwise. */
static bool take_next(struct pg_session *session, PGresult **result, struct status *status)
{
    const enum outcome outcome = receive_next(session, session->deadline, true, result);
    struct receipt receipt = {.status = status, .ok = true};
    if (outcome == OUTCOME_RESULT) {
        return true;
    }
    receive_no_more(session, outcome, true, &receipt);
    return false;
}

/* If it is an error, fills the status, frees it and returns true. */
static bool is_error(struct pg_session *session, PGresult *result, struct status *status)
{
    const ExecStatusType state = PQresultStatus(result);
    if (state != PGRES_FATAL_ERROR && state != PGRES_BAD_RESPONSE) {
        return false;
    }
    receive_failure(session, result, status);
    PQclear(result);
    return true;
}

bool pg_rows_next(struct pg_session *session, PGresult **row, struct status *status)
{
    *row = NULL;
    for (PGresult *result; take_next(session, &result, status);) {
        if (result == NULL) {
            return true;
        }
        if (is_error(session, result, status)) {
            return false;
        }
        if (PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
            *row = result;
            return true;
        }
        PQclear(result);
    }
    return false;
}

bool pg_copy_begin(struct pg_session *session, const char *sql, struct status *status)
{
    PGresult *result;
    query_trace_doubt();
    if (!receive_ready(session, status)) {
        return false;
    }
    if (PQsendQueryParams(session->connection, sql, 0, NULL, NULL, NULL, NULL, 0) == 0) {
        return receive_lost(session, status);
    }
    receive_begin(session);
    if (!take_next(session, &result, status) || is_error(session, result, status)) {
        return false;
    }
    const bool is_out = PQresultStatus(result) == PGRES_COPY_OUT;
    PQclear(result);
    return is_out || status_fail(status, STATUS_INTERNAL, "%s sent no data.", session->display);
}

/* The end of the copy. */
static bool end_data(struct pg_session *session, struct status *status)
{
    for (PGresult *result; take_next(session, &result, status);) {
        if (result == NULL) {
            return true;
        }
        if (is_error(session, result, status)) {
            return false;
        }
        PQclear(result);
    }
    return false;
}

bool pg_copy_next(struct pg_session *session, char **data, int *size, struct status *status)
{
    enum outcome outcome = OUTCOME_RESULT;
    *data = NULL;
    while (outcome == OUTCOME_RESULT && (*size = PQgetCopyData(session->connection, data, 1)) == 0) {
        outcome = receive_more(session, session->deadline, true);
    }
    if (outcome != OUTCOME_RESULT) {
        struct receipt receipt = {.status = status, .ok = true};
        receive_no_more(session, outcome, true, &receipt);
        return false;
    }
    session->came_bytes = 0;
    return *size > 0 || end_data(session, status);
}

void pg_rows_end(struct pg_session *session)
{
    if (!session->is_lost && PQtransactionStatus(session->connection) == PQTRANS_ACTIVE) {
        receive_cancel(session);
    }
}
