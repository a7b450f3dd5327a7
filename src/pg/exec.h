/*
 * Sends statements or a script to a session, with nothing added, and receives all of the results, until the session's
 * deadline.
 */
#ifndef PG_EXEC_H
#define PG_EXEC_H

#include "pg/copy_data.h"
#include "pg/session.h"

#include <stddef.h>

/* Work to do while the server works. */
struct pg_meanwhile {
    void (*work)(void *data); /* must not use the session; NULL: none */
    void *data;
};

/* As pg_query, by the simple protocol and with nothing added: for servers that are not PostgreSQL (a pooler's console),
 * and for several statements in one message; returns the last result that has rows. */
PGresult *pg_query_simple(struct pg_session *session, const char *sql, struct status *status);

/* Runs one or more statements without parameters as one simple query; the results are discarded as they arrive. */
bool pg_exec(struct pg_session *session, const char *sql, struct status *status);

/* Ends the transaction that the session is in, if any, with ROLLBACK; errors are ignored. */
void pg_session_roll_back(struct pg_session *session);

/* Where a script failed. */
struct pg_failure {
    size_t statement;    /* 0-based index of the statement in the script: the number of results before the error */
    size_t copy;         /* it is the COPY with this data, from 1; 0: it has no data */
    size_t position;     /* 1-based, in characters of the whole script; 0: the server gave none */
    const char *context; /* PG_DIAG_CONTEXT, in the status's arena; NULL: none */
};

/* Runs a script as one simple query, like pg_exec, but reports where it failed. COPY FROM STDIN and COPY TO STDOUT are
 * refused; the connection stays usable. */
bool pg_script(struct pg_session *session, const char *sql, struct pg_failure *failure, struct status *status);

struct pg_script_with {
    struct pg_meanwhile meanwhile; /* once it was sent; the deadline and the tick are looked at when that is done */
    struct pg_copy_data data;      /* for its COPY FROM STDIN, piece by piece as the server takes it */
};

/* The same with work to do meanwhile, or data. */
bool pg_script_with(struct pg_session *session, const char *sql, const struct pg_script_with *with,
                    struct pg_failure *failure, struct status *status);

/* Describes what a statement would return, without running it: the result has columns and no rows. */
PGresult *pg_describe(struct pg_session *session, const char *sql, struct status *status);

#endif
