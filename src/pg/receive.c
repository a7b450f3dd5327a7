/*
 * Statements are sent without blocking, and results are received as they arrive. Every wait is a poll(2) with the rest
 * of the deadline, with the caller's tick in between.
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

#define CANCEL_SEND_MS 2000 /* for the server to accept the request */
#define CANCEL_LOST_MS 500  /* for the statement's result, if it did not */

#define SMALL_BYTES ((size_t)1024 * 1024) /* of a result: there is always room for it */

#define SILENT_MS 1000 /* after which a session that has never answered counts as one that does not */

#define POOLER_IS_FULL                                                                                                 \
    PG_WITHOUT_POOLER                                                                                                  \
    ", end clients of the pooler that hold connections, or give it a larger pool (PgBouncer: default_pool_size)."

#define POOLER_IN_STATEMENT_MODE                                                                                       \
    "The connection goes through a pooler in statement mode, through which nothing works. " PG_WITHOUT_POOLER "."

#define COPY_BYTES ((size_t)64 * 1024) /* of a COPY's data at once */

#define SAID_BYTES (128 * 1024) /* kept of a server message; an error may quote a value of any size */

#define FIRST_TICK_MS   20
#define LONGEST_TICK_MS 250

/* ---- messages ---- */

static const char *const lost_states[] = {
    SQLSTATE_ADMIN_SHUTDOWN,
    SQLSTATE_CRASH_SHUTDOWN,
    SQLSTATE_CANNOT_CONNECT_NOW,
    SQLSTATE_IDLE_SESSION_TIMEOUT,
};

/* Whatever its SQLSTATE (53100 for a full log disk, 25P04): the session ended with it, and the state of the statement
 * is not known. After an ERROR the session goes on: one of these classes is then about a connection that the script
 * itself made (dblink, a foreign table). A pooler does not say how severe an error is. */
static bool ends_session(const PGresult *result, const char *sqlstate)
{
    const char *const severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != NULL && sqlstate != NULL) {
        return strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0;
    }
    bool is_lost = sqlstate == NULL || sqlstate_is_of_class(sqlstate, SQLSTATE_CLASS_CONNECTION);
    for (size_t i = 0; i < sizeof lost_states / sizeof lost_states[0]; i++) {
        is_lost = is_lost || sqlstate_is(sqlstate, lost_states[i]);
    }
    return is_lost;
}

/* PgBouncer's own words at a BEGIN. It ends the connection, and nothing was done. */
static bool is_of_statement_mode(const char *message)
{
    return message != NULL && strstr(message, "not allowed in statement pooling mode") != NULL;
}

/* PgBouncer's own word for a client that waited for query_wait_timeout, with which it ends the connection. */
static bool is_of_full_pooler(const char *message)
{
    return message != NULL && strcmp(message, "query_wait_timeout") == 0;
}

static enum status_code code_of(const PGresult *result, const char *sqlstate)
{
    return is_of_statement_mode(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)) ? STATUS_FAILED_PRECONDITION
           : ends_session(result, sqlstate)                                          ? STATUS_UNAVAILABLE
           : sqlstate_is(sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)                  ? STATUS_PERMISSION_DENIED
                                                                                     : STATUS_FAILED_PRECONDITION;
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

#define MORE_TIME                                                                                                      \
    "SHOW statement_timeout says how long a statement of this role may take in this database. ALTER ROLE or ALTER "    \
    "DATABASE … SET statement_timeout gives it more."

/* Explains what ended the statement. The server has one SQLSTATE for a limit and for somebody's request, and its
 * message is in the server's language: only an English one tells them apart. */
static const char *cancel_hint(const char *sqlstate, const char *message)
{
    if (!sqlstate_is(sqlstate, SQLSTATE_QUERY_CANCELED) || message == NULL) {
        return NULL;
    }
    return strstr(message, "statement timeout") != NULL
               ? "statement_timeout ended it: " MORE_TIME
               : "A request to cancel (such as pg_cancel_backend) or statement_timeout ended it. " MORE_TIME;
}

/* The server's message, with its position unchanged. */
bool receive_failure(struct pg_session *session, const PGresult *result, struct status *status)
{
    const char *const sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *const position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (sqlstate == NULL && PQstatus(session->connection) == CONNECTION_BAD) {
        return receive_lost(session, status);
    }
    status_fail(status, code_of(result, sqlstate), "%.*s", SAID_BYTES,
                message != NULL ? message : session_one_line(status->arena, PQresultErrorMessage(result)));
    if (is_of_full_pooler(message)) {
        status_fail_because(status, STATUS_UNAVAILABLE, REASON_NO_DATABASE,
                            "The pooler in front of %s had no free connection to the server in time (its %s).",
                            session->display, message);
    }
    status->sqlstate = arena_strdup(status->arena, sqlstate);
    status->detail = said(status->arena, result, PG_DIAG_MESSAGE_DETAIL);
    status->hint = said(status->arena, result, PG_DIAG_MESSAGE_HINT);
    status->hint = status->hint != NULL            ? status->hint
                   : is_of_statement_mode(message) ? POOLER_IN_STATEMENT_MODE
                   : is_of_full_pooler(message)    ? POOLER_IS_FULL
                                                   : cancel_hint(sqlstate, message);
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

/* Calls the tick if it is due. Returns false if it gives the statement up. */
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

/* poll(2), through struct narrow if the session has one. */
static bool wait_more(struct pg_session *session, short events, int64_t until)
{
    return session->narrow == NULL || PQsocket(session->connection) < 0
               ? session_wait(session->connection, events, until)
               : narrow_wait(session->narrow, events, until, &session->came_bytes);
}

/* Reads what waits in the socket. It is not known how much will follow: assumes as much again, for which libpq would
 * double its buffer. */
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
    /* A script may LISTEN: nobody needs the notifications, and libpq would keep all of them. */
    for (PGnotify *heard; (heard = PQnotifies(session->connection)) != NULL;) {
        PQfreemem(heard);
    }
    return OUTCOME_RESULT;
}

/* Has the peer accepted some of what was sent, since the last call? A long script takes a while to transmit after the
 * kernel has all of it. */
static bool is_being_taken(struct pg_session *session)
{
    const int before = session->unsent_bytes;
    session->unsent_bytes = 0;
    return ioctl(PQsocket(session->connection), SIOCOUTQ, &session->unsent_bytes) == 0 &&
           session->unsent_bytes < before;
}

/* Has the deadline passed, or is the statement given up? */
static enum outcome check_time(struct pg_session *session, int64_t deadline, bool ticking)
{
    if (deadline_passed(deadline)) {
        return OUTCOME_LATE;
    }
    if (ticking && !tick(session)) {
        return session->is_lost ? OUTCOME_LOST : OUTCOME_GIVEN_UP;
    }
    return OUTCOME_RESULT;
}

/* Checks the time first: a server that always has something to send must not keep us beyond the deadline. */
enum outcome receive_more(struct pg_session *session, int64_t deadline, bool ticking)
{
    const short events = PQflush(session->connection) == 1 ? POLLIN | POLLOUT : POLLIN;
    const enum outcome outcome = check_time(session, deadline, ticking);
    if (outcome != OUTCOME_RESULT) {
        return outcome;
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
    session->first_answer_ms = 0;
    return OUTCOME_RESULT;
}

static bool is_copy(const PGresult *result)
{
    const ExecStatusType state = PQresultStatus(result);
    return state == PGRES_COPY_IN || state == PGRES_COPY_OUT || state == PGRES_COPY_BOTH;
}

/* Reads the rows of a COPY TO STDOUT to the end and discards them. */
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

/* Waits until libpq has sent what it has: it would store everything that it is given. */
static enum outcome send_rest(struct pg_session *session)
{
    enum outcome outcome = check_time(session, session->deadline, true);
    while (outcome == OUTCOME_RESULT && PQflush(session->connection) == 1) {
        outcome = receive_more(session, session->deadline, true);
    }
    return outcome;
}

/* Gives the server the data of a COPY. An error in it comes as the result of the COPY: until then the server reads and
 * drops the rest. */
static enum outcome send_data(struct pg_session *session, struct text data)
{
    enum outcome outcome = OUTCOME_RESULT;
    for (size_t at = 0; outcome == OUTCOME_RESULT && at < data.size; at += COPY_BYTES) {
        const struct text piece = text_slice(data, at, at + COPY_BYTES);
        if (PQputCopyData(session->connection, piece.data, (int)piece.size) != 1) {
            return OUTCOME_LOST;
        }
        outcome = send_rest(session);
    }
    if (outcome == OUTCOME_RESULT && PQputCopyEnd(session->connection, NULL) != 1) {
        return OUTCOME_LOST;
    }
    return outcome;
}

/* Ends a COPY from or to the client: with its data if the script carries it; otherwise the caller sees PostgreSQL's
 * error. receipt NULL: what it does is not wanted any more. COPY BOTH is only for replication; nothing ends it. */
static enum outcome end_copy(struct pg_session *session, const PGresult *result, int64_t deadline,
                             struct receipt *receipt)
{
    switch (PQresultStatus(result)) {
    case PGRES_COPY_IN:
        if (receipt != NULL && receipt->ok && receipt->data != NULL && receipt->copies < receipt->data->count) {
            receipt->is_copying = true;
            return send_data(session, receipt->data->items[receipt->copies++]);
        }
        PQputCopyEnd(session->connection, receipt == NULL ? "it is no longer wanted"
                                                          : "the script carries no data for this COPY FROM STDIN");
        return OUTCOME_RESULT;
    case PGRES_COPY_OUT:
        return skip_rows(session, deadline, receipt != NULL);
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
        outcome = is_copy(result) ? end_copy(session, result, until, NULL) : OUTCOME_RESULT;
        PQclear(result);
        if (outcome != OUTCOME_RESULT) {
            break;
        }
    }
    session->is_lost = session->is_lost || outcome != OUTCOME_RESULT;
    return completed && !session->is_lost;
}

/* The deadline has passed, or the caller has given up. If everything was done nevertheless it must not be reported as
 * given up: a script's COMMIT may have been faster than our cancel. wants_result: a query, which is useless without its
 * lost result. */
static bool end_early(struct pg_session *session, enum outcome outcome, bool wants_result, struct status *status)
{
    const char *const why = outcome == OUTCOME_LATE ? "The time for this request is over" : "The run was cancelled";
    if (receive_cancel(session) && !wants_result) {
        return true;
    }
    if (session->is_lost) {
        status_fail(status, STATUS_UNAVAILABLE, "%s, and %s did not answer when the running statement was cancelled.",
                    why, session->display);
    } else {
        status_fail(status, outcome == OUTCOME_LATE ? STATUS_DEADLINE_EXCEEDED : STATUS_CANCELLED,
                    "%s; the running statement was cancelled.", why);
    }
    if (session->is_pooled && outcome == OUTCOME_LATE) {
        status->hint =
            "The connection goes through a pooler, which may have no free one to the server. " POOLER_IS_FULL;
    }
    return false;
}

/* Of several results, those of settings and transactions around a query do not matter. */
static bool is_of_more_interest(const PGresult *result, const PGresult *than)
{
    return PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(than) != PGRES_TUPLES_OK;
}

/* Takes ownership of the result. */
static void take_result(struct pg_session *session, struct receipt *receipt, PGresult *result)
{
    const ExecStatusType state = PQresultStatus(result);
    const bool is_done = state == PGRES_COMMAND_OK || state == PGRES_TUPLES_OK;
    if (!receipt->ok || state == PGRES_SINGLE_TUPLE || state == PGRES_COPY_IN) {
        /* Discarded after an error; and rows of a script. COPY FROM STDIN's own result comes later. */
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
    if (is_done && receipt->ok && receipt->each != NULL) {
        receipt->each->take(receipt->each->data, result);
    }
    receipt->number += is_done ? 1 : 0;
    receipt->is_copying = receipt->is_copying && !is_done;
    if (receipt->last != NULL && receipt->ok && is_of_more_interest(result, *receipt->last)) {
        PQclear(*receipt->last);
        *receipt->last = result;
    } else {
        PQclear(result);
    }
}

/* Nothing can have been done: the first statement of a session of ours does nothing. So no cancel is sent, whose end
 * would have to be waited for, too. */
static bool fail_unanswered(struct pg_session *session, struct status *status)
{
    session->is_lost = true;
    status_fail_because(
        status, STATUS_UNAVAILABLE, REASON_NO_DATABASE,
        "%s lets us in and does not answer: a pooler in front of it may have no free connection to the server.",
        session->display);
    status->hint = POOLER_IS_FULL;
    return false;
}

bool receive_no_more(struct pg_session *session, enum outcome outcome, bool wants_result, struct receipt *receipt)
{
    if (outcome == OUTCOME_LATE && session->first_answer_ms > 0 && clock_ms() - session->waits_since >= SILENT_MS) {
        return fail_unanswered(session, receipt->status);
    }
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
        session->is_lost = true; /* the rest would still have to be received */
        return shortage(receipt->status, "take in", "what the server sends");
    }
    if (!receipt->ok) {
        receive_cancel(session);
        return false;
    }
    return end_early(session, outcome, wants_result, receipt->status);
}

/* The end of the wait for the next result: the first statement has less time than the caller may have. */
static int64_t time_of(const struct pg_session *session)
{
    const int64_t first = session->first_answer_ms == 0 ? NO_DEADLINE : session->waits_since + session->first_answer_ms;
    return first < session->deadline ? first : session->deadline;
}

bool receive_all(struct pg_session *session, struct receipt *receipt)
{
    enum outcome outcome;
    PGresult *result;
    receive_begin(session);
    while ((outcome = receive_next(session, time_of(session), true, &result)) == OUTCOME_RESULT && result != NULL) {
        outcome = is_copy(result) ? end_copy(session, result, session->deadline, receipt) : OUTCOME_RESULT;
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
    session->sent++;
    if (session->is_lost || PQstatus(session->connection) != CONNECTION_OK) {
        return receive_lost(session, status);
    }
    return !deadline_passed(session->deadline) ||
           status_fail(status, STATUS_DEADLINE_EXCEEDED, "The time for this request is over.");
}
