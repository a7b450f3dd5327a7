/*
 * How a statement is sent, for exec.c, kept.c and those that set up a session.
 */
#ifndef PG_EXEC_PRIVATE_H
#define PG_EXEC_PRIVATE_H

#include "pg/exec.h"
#include "pg/session_state.h"

struct each_result; /* pg/receive.h */

struct statement {
    const char *sql;
    const char *name; /* of a prepared statement; NULL: it is sent as text */
    int count;
    const char *const *values;
    int format;     /* of the result: 0 text, 1 binary */
    bool is_simple; /* one message of the simple protocol, maybe of several statements; no values */
    const struct pg_meanwhile *meanwhile;
    const struct each_result *each; /* NULL: only the last result is wanted */
};

/* Sends it and receives its result; NULL, and the status, on failure. */
PGresult *exec_statement(struct pg_session *session, const struct statement *statement, struct status *status);

/* As pg_query, for setting up the session: behind a pooler nothing is added around it. */
PGresult *session_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status);

/* As pg_query_simple, with work to do while the server works; meanwhile NULL: none. */
PGresult *session_query_simple(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                               struct status *status);

/* The same, for the results of all statements. */
bool session_query_each(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                        const struct each_result *each, struct status *status);

#endif
