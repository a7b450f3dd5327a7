/*
 * Waiting for what the server answers, for query.c and rows.c: each wait ends with the session's deadline, and its tick
 * looks in meanwhile. All of it runs on the thread that has sent the statement.
 */
#ifndef PG_RECEIVE_H
#define PG_RECEIVE_H

#include "pg/session_state.h"

/* How a wait ends: something came, the deadline passed, the tick gave the statement up, the connection is lost, one
 * message is larger than the session takes, there is no memory for what comes. */
enum outcome {
    OUTCOME_RESULT,
    OUTCOME_LATE,
    OUTCOME_GIVEN_UP,
    OUTCOME_LOST,
    OUTCOME_TOO_LARGE,
    OUTCOME_NO_MEMORY,
};

/* What has come of a statement so far. */
struct receipt {
    PGresult *
        *last;     /* gets the last good result, of those with rows where any has; NULL: a script's, nobody reads it */
    size_t number; /* of statements that were done, or of the one that failed */
    struct status *status;
    bool ok;
};

/* True where nothing stands in the way of sending: the session is not lost, and there is time left. */
bool receive_ready(struct pg_session *session, struct status *status);

/* Starts the clock of the ticks: a statement was sent. receive_all does it itself. */
void receive_begin(struct pg_session *session);

/* Takes in all results of what was sent. The first bad one makes the status. */
bool receive_all(struct pg_session *session, struct receipt *receipt);

/* Waits for the next result until `deadline` (clock_ms units). *result is the caller's, for PQclear; NULL when the last
 * one has come, or with another outcome than OUTCOME_RESULT. */
enum outcome receive_next(struct pg_session *session, int64_t deadline, bool ticking, PGresult **result);

/* Takes in what has come, or waits a while for it: for who looks himself whether it is enough. */
enum outcome receive_more(struct pg_session *session, int64_t deadline, bool ticking);

/* Ends a statement whose results have not all come, for the reason that `outcome` is, and makes the status.
 * `wants_result`: it is of no use without the result. True where it does without, and everything had been done. */
bool receive_no_more(struct pg_session *session, enum outcome outcome, bool wants_result, struct receipt *receipt);

/* Ends the statement under way and takes in what is left of its results, so that the session can be used again. A
 * server that does not obey in time makes it useless. True where everything had been done before the cancel took. */
bool receive_cancel(struct pg_session *session);

/* Both make the status and answer false: of a result that is an error, and of a connection that is lost. */
bool receive_failure(struct pg_session *session, const PGresult *result, struct status *status);
bool receive_lost(struct pg_session *session, struct status *status);

#endif
