/*
 * Receives the server's answers, for query.c and rows.c. Each wait ends at the session's deadline, and calls its tick
 * meanwhile. Everything runs on the thread that sent the statement.
 */
#ifndef PG_RECEIVE_H
#define PG_RECEIVE_H

#include "pg/copy_data.h"
#include "pg/session_state.h"

/* How a wait ended: with a result; the deadline passed; the tick gave the statement up; the connection is lost; a
 * message exceeds the session's limit; no memory for the result. */
enum outcome {
    OUTCOME_RESULT,
    OUTCOME_LATE,
    OUTCOME_GIVEN_UP,
    OUTCOME_LOST,
    OUTCOME_TOO_LARGE,
    OUTCOME_NO_MEMORY,
};

/* Gets the good results of several statements as they arrive. */
struct each_result {
    void (*take)(void *data, const PGresult *result);
    void *data;
};

/* What has arrived of a statement's results. */
struct receipt {
    const struct each_result *each; /* gets the good ones as they arrive; NULL: nobody */
    PGresult **last; /* receives the last good result, preferring those with rows; NULL: results are discarded */
    size_t number;   /* number of finished statements, which is also the index of a failing one */
    struct status *status;
    bool ok;
    const struct pg_copy_data *data; /* for COPY FROM STDIN; NULL: none */
    size_t copies;                   /* how many have begun */
    bool is_copying;                 /* the last of them has no result yet */
};

/* Checks before sending: the session is not lost and there is time left. */
bool receive_ready(struct pg_session *session, struct status *status);

/* Starts the clock for the ticks after a statement was sent. receive_all does that itself. */
void receive_begin(struct pg_session *session);

/* Receives all results of what was sent. The first error fills the status. */
bool receive_all(struct pg_session *session, struct receipt *receipt);

/* Waits until `deadline` (clock_ms) for the next result, which the caller frees with PQclear. *result is NULL after the
 * last one, and for outcomes other than OUTCOME_RESULT. */
enum outcome receive_next(struct pg_session *session, int64_t deadline, bool ticking, PGresult **result);

/* Reads what has arrived, or waits a while for it; the caller checks whether it is enough. */
enum outcome receive_more(struct pg_session *session, int64_t deadline, bool ticking);

/* Ends a statement whose results have not all arrived, for the reason `outcome`, and fills the status. wants_result:
 * the statement is useless without its result. Returns true if it is not and everything had been done already. */
bool receive_no_more(struct pg_session *session, enum outcome outcome, bool wants_result, struct receipt *receipt);

/* Cancels the statement and receives the rest of its results, so that the session can be used again. If the server does
 * not react in time the session is lost. Returns true if everything had been done before the cancel took effect. */
bool receive_cancel(struct pg_session *session);

/* Both fill the status and return false: for an error result; for a lost connection. */
bool receive_failure(struct pg_session *session, const PGresult *result, struct status *status);
bool receive_lost(struct pg_session *session, struct status *status);

#endif
