/*
 * What is sent goes as it is, with nothing around it.
 */
#include "pg/exec_private.h"

#include "pg/query_trace.h"
#include "pg/receive.h"
#include "pg/values.h"

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

static void work_meanwhile(const struct pg_session *session, const struct pg_meanwhile *meanwhile)
{
    if (meanwhile != NULL && meanwhile->work != NULL) {
        PQflush(session->connection);
        meanwhile->work(meanwhile->data);
    }
}

static PGresult *send_and_receive(struct pg_session *session, const struct statement *statement, struct status *status)
{
    PGresult *result = NULL;
    struct receipt receipt = {.last = &result, .status = status, .ok = true, .each = statement->each};
    if (!receive_ready(session, status)) {
        return NULL;
    }
    if (send(session, statement) == 0) {
        receive_lost(session, status);
        return NULL;
    }
    work_meanwhile(session, statement->meanwhile);
    if (!receive_all(session, &receipt)) {
        PQclear(result);
        return NULL;
    }
    query_trace_note(session,
                     &(const struct query_noted){statement->sql, statement->name, statement->count, statement->values,
                                                 statement->format == 1, receipt.number},
                     result);
    return result;
}

PGresult *exec_statement(struct pg_session *session, const struct statement *statement, struct status *status)
{
    PGresult *const result = send_and_receive(session, statement, status);
    if (result == NULL) {
        query_trace_doubt();
    }
    return result;
}

PGresult *session_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status)
{
    return exec_statement(session, &(struct statement){.sql = sql, .count = count, .values = values}, status);
}

PGresult *session_query_simple(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                               struct status *status)
{
    return exec_statement(session, &(struct statement){.sql = sql, .is_simple = true, .meanwhile = meanwhile}, status);
}

bool session_query_each(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                        const struct each_result *each, struct status *status)
{
    const struct statement statement = {.sql = sql, .is_simple = true, .meanwhile = meanwhile, .each = each};
    PG_RESULT(last) = exec_statement(session, &statement, status);
    return last != NULL;
}

PGresult *pg_query_simple(struct pg_session *session, const char *sql, struct status *status)
{
    return session_query_simple(session, sql, NULL, status);
}

bool pg_script_with(struct pg_session *session, const char *sql, const struct pg_script_with *with,
                    struct pg_failure *failure, struct status *status)
{
    struct receipt receipt = {.status = status, .ok = true, .data = &with->data};
    *failure = (struct pg_failure){0};
    if (!receive_ready(session, status)) {
        query_trace_doubt();
        return false;
    }
    if (PQsendQuery(session->connection, sql) == 0) {
        return receive_lost(session, status);
    }
    PQsetSingleRowMode(session->connection); /* otherwise libpq would store all rows of a result */
    work_meanwhile(session, &with->meanwhile);
    const bool ok = receive_all(session, &receipt);
    if (ok) {
        query_trace_note(session, &(const struct query_noted){.sql = sql, .results = receipt.number}, NULL);
    } else {
        query_trace_doubt();
    }
    failure->statement = receipt.number;
    failure->copy = receipt.is_copying ? receipt.copies : 0;
    failure->position = ok ? 0 : status->position;
    failure->context = session->context;
    return ok;
}

bool pg_script(struct pg_session *session, const char *sql, struct pg_failure *failure, struct status *status)
{
    return pg_script_with(session, sql, &(const struct pg_script_with){0}, failure, status);
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
    query_trace_doubt();
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
