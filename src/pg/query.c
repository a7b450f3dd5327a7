/*
 * Pins the search path where the session's own does not last.
 */
#include "pg/query.h"

#include "pg/exec_private.h"
#include "pg/kept.h"
#include "pg/search.h"

/* Behind a pooler nothing lasts longer than a transaction, including our search path. */
static PGresult *query_pinned(struct pg_session *session, const struct statement *statement, struct status *status)
{
    if (!session->is_pooled || pg_session_in_transaction(session)) {
        return exec_statement(session, statement, status);
    }
    struct status ignored = {.arena = status->arena};
    PGresult *result = NULL;
    if (pg_exec(session, "BEGIN", status)) {
        result = pg_session_pin(session, status) ? exec_statement(session, statement, status) : NULL;
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

PGresult *pg_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status)
{
    struct statement statement = {.sql = sql, .count = count, .values = values};
    PGresult *result;
    return kept_query(session, &statement, &result, status) ? result : query_pinned(session, &statement, status);
}
