/*
 * Statements are sent without blocking, and their results taken in as they come. Every wait is a poll(2) with what is
 * left of the deadline; a tick of the caller looks in meanwhile.
 */
#include "pg/receive.h"

#include "base/memory.h"
#include "base/shortage.h"
#include "base/sqlstate.h"
#include "pg/cancel.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/sockios.h>

#define CANCEL_MS 5000

#define CANCEL_SEND_MS 2000 /* for the server to take the wish */
#define CANCEL_LOST_MS 500  /* for the result of the statement, where it has not */

#define SMALL_BYTES ((size_t)1024 * 1024) /* of a result: there is always room for it */

#define SAID_BYTES (128 * 1024) /* kept of what a server says; an error may quote a value of any size */

#define FIRST_TICK_MS   20
#define LONGEST_TICK_MS 250

/* ---- messages ---- */

static const char *const lost_states[] = {
    SQLSTATE_ADMIN_SHUTDOWN,
    SQLSTATE_CRASH_SHUTDOWN,
    SQLSTATE_CANNOT_CONNECT_NOW,
    SQLSTATE_IDLE_SESSION_TIMEOUT,
};

static enum status_code code_of_sqlstate(const char *sqlstate)
{
    if (sqlstate == NULL || sqlstate_is_of_class(sqlstate, SQLSTATE_CLASS_CONNECTION)) {
        return STATUS_UNAVAILABLE;
    }
    for (size_t i = 0; i < sizeof lost_states / sizeof lost_states[0]; i++) {
        if (sqlstate_is(sqlstate, lost_states[i])) {
            return STATUS_UNAVAILABLE;
        }
    }
    return sqlstate_is(sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE) ? STATUS_PERMISSION_DENIED
                                                                  : STATUS_FAILED_PRECONDITION;
}

/* Whatever its SQLSTATE (53100 of a log that found no room, 25P04): the session ended with it, and what it was at in
 * that moment is not known. */
static bool ends_session(const PGresult *result)
{
    const char *const severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

bool receive_lost(struct pg_session *session, struct status *status)
{
    const char *const reason = session_one_line(status->arena, PQerrorMessage(session->connection));
    return status_fail(status, STATUS_UNAVAILABLE, "The connection to %s was lost: %s", session->display,
                       reason[0] == '\0' ? "its answer did not arrive." : reason);
}

static const char *said(struct arena *arena, const PGresult *result, int field)
{
    const char *const text = PQresultErrorField(result, field);
    return text == NULL ? NULL : arena_strndup(arena, text, strnlen(text, SAID_BYTES));
}

/* The server says that a limit ended it, and not whose it is. In another language than English nothing is added. */
static const char *timeout_hint(const char *sqlstate, const char *message)
{
    const bool is_timeout = sqlstate_is(sqlstate, SQLSTATE_QUERY_CANCELED) && message != NULL &&
                            strstr(message, "statement timeout") != NULL;
    return is_timeout ? "statement_timeout ended it: SHOW statement_timeout says how long a statement of this role may "
                        "take in this database. ALTER ROLE or ALTER DATABASE … SET statement_timeout gives it more; a "
                        "run's own is --statement-timeout."
                      : NULL;
}

/* What the server said. The position is kept as it gave it. */
bool receive_failure(struct pg_session *session, const PGresult *result, struct status *status)
{
    const char *const sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *const position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (sqlstate == NULL && PQstatus(session->connection) == CONNECTION_BAD) {
        return receive_lost(session, status);
    }
    status_fail(status, ends_session(result) ? STATUS_UNAVAILABLE : code_of_sqlstate(sqlstate), "%.*s", SAID_BYTES,
                message != NULL ? message : session_one_line(status->arena, PQresultErrorMessage(result)));
    status->sqlstate = arena_strdup(status->arena, sqlstate);
    status->detail = said(status->arena, result, PG_DIAG_MESSAGE_DETAIL);
    status->hint = said(status->arena, result, PG_DIAG_MESSAGE_HINT);
    status->hint = status->hint == NULL ? timeout_hint(sqlstate, message) : status->hint;
    status->position = position == NULL ? 0 : (uint32_t)strtoul(position, NULL, 10);
    return false;
}

/* ---- sending and receiving ---- */

void receive_begin(struct pg_session *session)
{
    session->waits_since = clock_ms();
    session->unsent_bytes = 0;
    session->tick_pause = FIRST_TICK_MS;
    session->next_tick = session->waits_since + FIRST_TICK_MS;
}

/* The tick where it is due. False where it gives the statement up. */
static bool tick(struct pg_session *session)
{
    if (session->on_tick == NULL || clock_ms() < session->next_tick) {
        return true;
    }
    const bool goes_on = session->on_tick(session->tick_data);
    session->tick_pause = session->tick_pause * 2 > LONGEST_TICK_MS ? LONGEST_TICK_MS : session->tick_pause * 2;
    session->next_tick = clock_ms() + session->tick_pause;
    return goes_on;
}

/* poll(2), through the narrow way where the session has one. */
static bool wait_more(struct pg_session *session, short events, int64_t until)
{
    return session->narrow == NULL || PQsocket(session->connection) < 0
               ? session_wait(session->connection, events, until)
               : narrow_wait(session->narrow, events, until, &session->came_bytes);
}

/* Takes in what waits in the socket. How much the server will send nobody knows: as much as has come may come again,
 * while libpq makes its room twice as large. */
static enum outcome consume(struct pg_session *session)
{
    int size = 0;
    if (session->narrow == NULL && ioctl(PQsocket(session->connection), FIONREAD, &size) == 0 && size > 0) {
        session->came_bytes += (size_t)size;
    }
    if (session->came_bytes > SMALL_BYTES && !memory_has_room(session->came_bytes)) {
        return OUTCOME_NO_MEMORY;
    }
    if (PQconsumeInput(session->connection) == 0) {
        return OUTCOME_LOST;
    }
    /* A script that listens: nobody asks for what it hears, and libpq would keep all of it. */
    for (PGnotify *heard; (heard = PQnotifies(session->connection)) != NULL;) {
        PQfreemem(heard);
    }
    return OUTCOME_RESULT;
}

/* Has the other side taken something of what was sent, since this was asked last? A long script is on its way for long
 * when all of it is in the kernel's hands. */
static bool is_being_taken(struct pg_session *session)
{
    const int before = session->unsent_bytes;
    session->unsent_bytes = 0;
    return ioctl(PQsocket(session->connection), SIOCOUTQ, &session->unsent_bytes) == 0 &&
           session->unsent_bytes < before;
}

/* The clock is looked at first: a server that always has something to say must not keep us beyond the deadline. */
enum outcome receive_more(struct pg_session *session, int64_t deadline, bool ticking)
{
    const short events = PQflush(session->connection) == 1 ? POLLIN | POLLOUT : POLLIN;
    if (deadline_passed(deadline)) {
        return OUTCOME_LATE;
    }
    if (ticking && !tick(session)) {
        return session->is_lost ? OUTCOME_LOST : OUTCOME_GIVEN_UP;
    }
    const bool until_tick = ticking && session->on_tick != NULL && session->next_tick < deadline;
    const bool moves = wait_more(session, events, until_tick ? session->next_tick : deadline);
    if (moves || is_being_taken(session)) {
        session->waits_since = clock_ms();
    }
    if (!moves) {
        return OUTCOME_RESULT;
    }
    if (session->narrow != NULL && session->came_bytes > session->most_bytes) {
        return OUTCOME_TOO_LARGE;
    }
    return consume(session);
}

enum outcome receive_next(struct pg_session *session, int64_t deadline, bool ticking, PGresult **result)
{
    *result = NULL;
    while (PQflush(session->connection) == 1 || PQisBusy(session->connection) != 0) {
        const enum outcome outcome = receive_more(session, deadline, ticking);
        if (outcome != OUTCOME_RESULT) {
            return outcome;
        }
    }
    *result = PQgetResult(session->connection);
    session->came_bytes = 0;
    return OUTCOME_RESULT;
}

static bool is_copy(const PGresult *result)
{
    const ExecStatusType state = PQresultStatus(result);
    return state == PGRES_COPY_IN || state == PGRES_COPY_OUT || state == PGRES_COPY_BOTH;
}

/* Reads the rows of a COPY TO STDOUT to their end, for nobody. */
static enum outcome skip_rows(struct pg_session *session, int64_t deadline, bool ticking)
{
    enum outcome outcome = OUTCOME_RESULT;
    char *row = NULL;
    for (int size; outcome == OUTCOME_RESULT && (size = PQgetCopyData(session->connection, &row, 1)) >= 0;) {
        PQfreemem(row);
        row = NULL;
        outcome = size > 0 ? OUTCOME_RESULT : receive_more(session, deadline, ticking);
    }
    return outcome;
}

/* A script cannot carry the data of a COPY: it is ended, and PostgreSQL's error for that is what the caller sees. COPY
 * both ways is for replication; nothing ends it. */
static enum outcome end_copy(struct pg_session *session, const PGresult *result, int64_t deadline, bool ticking)
{
    switch (PQresultStatus(result)) {
    case PGRES_COPY_IN:
        PQputCopyEnd(session->connection, "a script cannot carry the data of COPY FROM STDIN");
        return OUTCOME_RESULT;
    case PGRES_COPY_OUT:
        return skip_rows(session, deadline, ticking);
    default:
        return OUTCOME_LOST;
    }
}

bool receive_cancel(struct pg_session *session)
{
    const bool is_sent = pg_cancel_send(session->connection, CANCEL_SEND_MS);
    const int64_t until = deadline_in(is_sent ? CANCEL_MS : CANCEL_LOST_MS);
    PGresult *result;
    enum outcome outcome;
    bool completed = true;
    while ((outcome = receive_next(session, until, false, &result)) == OUTCOME_RESULT && result != NULL) {
        completed = completed && PQresultStatus(result) != PGRES_FATAL_ERROR && !is_copy(result);
        outcome = is_copy(result) ? end_copy(session, result, until, false) : OUTCOME_RESULT;
        PQclear(result);
        if (outcome != OUTCOME_RESULT) {
            break;
        }
    }
    session->is_lost = session->is_lost || outcome != OUTCOME_RESULT;
    return completed && !session->is_lost;
}

/* The deadline has passed, or the caller has given up. What was done all the same must not be reported as given up: a
 * script's COMMIT may have been quicker than our cancel. `wants_result`: it is a query, of no use without the result
 * that is gone. */
static bool end_early(struct pg_session *session, enum outcome outcome, bool wants_result, struct status *status)
{
    const char *const why = outcome == OUTCOME_LATE ? "The time for this request is over" : "The run was cancelled";
    if (receive_cancel(session) && !wants_result) {
        return true;
    }
    if (session->is_lost) {
        return status_fail(status, STATUS_UNAVAILABLE,
                           "%s, and %s did not answer when the running statement was cancelled.", why,
                           session->display);
    }
    return status_fail(status, outcome == OUTCOME_LATE ? STATUS_DEADLINE_EXCEEDED : STATUS_CANCELLED,
                       "%s; the running statement was cancelled.", why);
}

/* Of several statements the settings and transactions around a query are of no interest. */
static bool is_of_more_interest(const PGresult *result, const PGresult *than)
{
    return PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(than) != PGRES_TUPLES_OK;
}

/* Owns the result. */
static void take_result(struct pg_session *session, struct receipt *receipt, PGresult *result)
{
    const ExecStatusType state = PQresultStatus(result);
    const bool is_done = state == PGRES_COMMAND_OK || state == PGRES_TUPLES_OK;
    if (!receipt->ok || state == PGRES_SINGLE_TUPLE || state == PGRES_COPY_IN) {
        /* Of no interest behind an error; a row of a script; what COPY FROM STDIN says comes behind it. */
        PQclear(result);
        return;
    }
    if (state == PGRES_COPY_OUT) {
        receipt->ok = status_fail(receipt->status, STATUS_FAILED_PRECONDITION,
                                  "COPY TO STDOUT cannot be part of a script: nobody reads what it writes.");
    } else if (!is_done && state != PGRES_EMPTY_QUERY && state != PGRES_COPY_BOTH) {
        receipt->ok = receive_failure(session, result, receipt->status);
        session->context = said(receipt->status->arena, result, PG_DIAG_CONTEXT);
    }
    receipt->number += is_done ? 1 : 0;
    if (receipt->last != NULL && receipt->ok && is_of_more_interest(result, *receipt->last)) {
        PQclear(*receipt->last);
        *receipt->last = result;
    } else {
        PQclear(result);
    }
}

bool receive_no_more(struct pg_session *session, enum outcome outcome, bool wants_result, struct receipt *receipt)
{
    if (outcome == OUTCOME_LOST) {
        session->is_lost = true;
        return receipt->ok && receive_lost(session, receipt->status);
    }
    if (outcome == OUTCOME_TOO_LARGE) {
        session->is_lost = true;
        return status_fail(receipt->status, STATUS_RESOURCE_EXHAUSTED,
                           "The server sends a row, a plan or an error of more than %zu MB, which is not taken; its "
                           "connection was ended.",
                           session->most_bytes >> 20);
    }
    if (outcome == OUTCOME_NO_MEMORY) {
        session->is_lost = true; /* what is on its way would have to be taken in */
        return shortage(receipt->status, "take in", "what the server sends");
    }
    if (!receipt->ok) {
        receive_cancel(session);
        return false;
    }
    return end_early(session, outcome, wants_result, receipt->status);
}

bool receive_all(struct pg_session *session, struct receipt *receipt)
{
    enum outcome outcome;
    PGresult *result;
    receive_begin(session);
    while ((outcome = receive_next(session, session->deadline, true, &result)) == OUTCOME_RESULT && result != NULL) {
        outcome = is_copy(result) ? end_copy(session, result, session->deadline, true) : OUTCOME_RESULT;
        if (outcome != OUTCOME_RESULT) {
            PQclear(result);
            return receive_no_more(session, outcome, true, receipt);
        }
        take_result(session, receipt, result);
    }
    return outcome == OUTCOME_RESULT ? receipt->ok : receive_no_more(session, outcome, receipt->last != NULL, receipt);
}

bool receive_ready(struct pg_session *session, struct status *status)
{
    session->context = NULL;
    if (session->is_lost || PQstatus(session->connection) != CONNECTION_OK) {
        return receive_lost(session, status);
    }
    return !deadline_passed(session->deadline) ||
           status_fail(status, STATUS_DEADLINE_EXCEEDED, "The time for this request is over.");
}
