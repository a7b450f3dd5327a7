/*
 * Every wait is a poll(2) with what is left of the deadline. libpq never blocks here but for name resolution when it
 * connects, which it does itself.
 */
#include "pg/session.h"

#include "pg/cancel.h"
#include "pg/sqlstate.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 10000
#define CANCEL_MS  5000

#define CANCEL_SEND_MS 2000 /* for the server to take the wish */
#define CANCEL_LOST_MS 500  /* for the result of the statement, where it has not */

#define FIRST_TICK_MS   20
#define LONGEST_TICK_MS 250

enum outcome { OUTCOME_RESULT, OUTCOME_LATE, OUTCOME_GIVEN_UP, OUTCOME_LOST };

struct pg_session {
    PGconn *connection;
    bool is_lost;
    bool is_jit_off;     /* by us */
    const char *context; /* of the last error, in its status's arena */
    int64_t deadline;
    char *display; /* host and database, for messages */
    bool has_standard_strings;
    char *encoding; /* as it connected: what RESET ALL makes of it */
    pg_notice_fn *on_notice;
    void *notice_data;
    pg_tick_fn *on_tick;
    void *tick_data;
    int64_t next_tick; /* clock_ms units */
    int tick_pause;    /* ms */
};

/* ---- messages ---- */

/* libpq's text as one line: the first of it, without "connection to server …: " and "FATAL: ". */
static const char *one_line(struct arena *arena, const char *message)
{
    struct text text = text_trim(text_of(message));
    const size_t fatal = text_find(text, "FATAL:  ", 0);
    if (fatal != SIZE_MAX) {
        text = text_slice(text, fatal + strlen("FATAL:  "), text.size);
    }
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < text.size && out.size < 500; i++) {
        const char c = text.data[i];
        const bool space = c == '\n' || c == '\t' || c == '\r';
        if (space && (out.size == 0 || out.data[out.size - 1] == ' ')) {
            continue;
        }
        buffer_putc(&out, space ? ' ' : c);
    }
    return buffer_string(&out);
}

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

static bool fail_lost(struct pg_session *session, struct status *status)
{
    return status_fail(status, STATUS_UNAVAILABLE, "The connection to %s was lost: %s", session->display,
                       one_line(status->arena, PQerrorMessage(session->connection)));
}

/* What the server said. The position is kept as it gave it. */
static bool fail_result(struct pg_session *session, const PGresult *result, struct status *status)
{
    const char *const sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *const position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (sqlstate == NULL && PQstatus(session->connection) == CONNECTION_BAD) {
        return fail_lost(session, status);
    }
    status_fail(status, code_of_sqlstate(sqlstate), "%s",
                message != NULL ? message : one_line(status->arena, PQresultErrorMessage(result)));
    status->sqlstate = arena_strdup(status->arena, sqlstate);
    status->detail = arena_strdup(status->arena, PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    status->hint = arena_strdup(status->arena, PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
    status->position = position == NULL ? 0 : (uint32_t)strtoul(position, NULL, 10);
    return false;
}

/* ---- connecting ---- */

static void receive_notice(void *data, const PGresult *result)
{
    const struct pg_session *const session = data;
    const char *const sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const struct pg_notice notice = {
        .severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED),
        .sqlstate = sqlstate == NULL ? "" : sqlstate,
        .message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
        .detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
        .hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
    };
    if (session->on_notice != NULL && notice.severity != NULL && notice.message != NULL) {
        session->on_notice(session->notice_data, &notice);
    }
}

/* Waits until the socket can be read or written as wanted; false when the deadline has passed. */
static bool wait_socket(const PGconn *connection, short events, int64_t deadline)
{
    struct pollfd fd = {.fd = PQsocket(connection), .events = events};
    for (;;) {
        const int ready = poll(&fd, 1, deadline_left(deadline));
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return true; /* an error shows in the next call to libpq */
        }
        if (ready == 0) {
            return false;
        }
    }
}

/* The moment when connecting ends: the caller's, or the URL's connect_timeout, or 10 s. */
static int64_t connect_deadline(const struct conninfo *conninfo, int64_t deadline)
{
    const char *const timeout = conninfo_value(conninfo, "connect_timeout");
    const long seconds = timeout == NULL ? 0 : strtol(timeout, NULL, 10);
    const int64_t own = deadline_in(seconds > 0 && seconds < 3600 ? (uint32_t)seconds * 1000 : CONNECT_MS);
    return own < deadline ? own : deadline;
}

static PostgresPollingStatusType connect_step(PGconn *connection, int64_t deadline, bool *in_time)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    *in_time = true;
    while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        *in_time = wait_socket(connection, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
        if (!*in_time) {
            return PGRES_POLLING_FAILED;
        }
        state = PQconnectPoll(connection);
    }
    return state;
}

/* libpq 15 gives no SQLSTATE of a refused connection: its text is all there is. */
static enum status_code code_of_refusal(const char *message)
{
    static const struct {
        const char *words;
        enum status_code code;
    } refusals[] = {
        {"password authentication failed", STATUS_UNAUTHENTICATED},
        {"no password supplied", STATUS_UNAUTHENTICATED},
        {"authentication failed", STATUS_UNAUTHENTICATED},
        {"no pg_hba.conf entry", STATUS_UNAUTHENTICATED},
        {"role \"", STATUS_UNAUTHENTICATED},
        {"database \"", STATUS_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strstr(message, refusals[i].words) != NULL) {
            return refusals[i].code;
        }
    }
    return STATUS_UNAVAILABLE;
}

static bool connect_now(struct pg_session *session, const struct conninfo *conninfo, int64_t deadline,
                        struct status *status)
{
    bool in_time = true;
    const int64_t until = connect_deadline(conninfo, deadline);
    session->connection = PQconnectStartParams(conninfo->keywords, conninfo->values, 0);
    if (session->connection == NULL) {
        return status_fail(status, STATUS_RESOURCE_EXHAUSTED, "There is no memory for a connection.");
    }
    if (PQstatus(session->connection) != CONNECTION_BAD &&
        connect_step(session->connection, until, &in_time) == PGRES_POLLING_OK) {
        return true;
    }
    if (!in_time) {
        return status_fail(status, deadline_passed(deadline) ? STATUS_DEADLINE_EXCEEDED : STATUS_UNAVAILABLE,
                           "Cannot connect to %s: no answer in time.", conninfo->display);
    }
    const char *const message = one_line(status->arena, PQerrorMessage(session->connection));
    return status_fail(status, code_of_refusal(message), "Cannot connect to %s: %s", conninfo->display, message);
}

static bool standard_strings_now(const struct pg_session *session)
{
    const char *const value = PQparameterStatus(session->connection, "standard_conforming_strings");
    return value == NULL || strcmp(value, "off") != 0;
}

/* How the server reads what is sent, before anything changes it. */
static void note_reading(struct pg_session *session)
{
    const char *const encoding = PQparameterStatus(session->connection, "client_encoding");
    session->has_standard_strings = standard_strings_now(session);
    session->encoding = encoding == NULL ? NULL : strdup(encoding);
}

struct pg_session *pg_session_open(const struct conninfo *conninfo, int64_t deadline, struct status *status)
{
    struct pg_session *session = memory_alloc(sizeof *session);
    session->deadline = deadline;
    session->display = strdup(conninfo->display);
    if (!connect_now(session, conninfo, deadline, status) || PQsetnonblocking(session->connection, 1) != 0) {
        pg_session_free(session);
        return NULL;
    }
    PQsetNoticeReceiver(session->connection, receive_notice, session);
    note_reading(session);
    return session;
}

void pg_session_free(struct pg_session *session)
{
    if (session != NULL) {
        PQfinish(session->connection);
        free(session->display);
        free(session->encoding);
        free(session);
    }
}

/* ---- sending and receiving ---- */

static void start_ticking(struct pg_session *session)
{
    session->tick_pause = FIRST_TICK_MS;
    session->next_tick = clock_ms() + FIRST_TICK_MS;
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

/* Takes in what has come, or waits a while for it. The clock is looked at first: a server that always has something to
 * say must not keep us beyond the deadline. */
static enum outcome read_more(struct pg_session *session, int64_t deadline, bool ticking)
{
    const short events = PQflush(session->connection) == 1 ? POLLIN | POLLOUT : POLLIN;
    if (deadline_passed(deadline)) {
        return OUTCOME_LATE;
    }
    if (ticking && !tick(session)) {
        return session->is_lost ? OUTCOME_LOST : OUTCOME_GIVEN_UP;
    }
    const bool until_tick = ticking && session->on_tick != NULL && session->next_tick < deadline;
    if (!wait_socket(session->connection, events, until_tick ? session->next_tick : deadline)) {
        return OUTCOME_RESULT;
    }
    return PQconsumeInput(session->connection) == 0 ? OUTCOME_LOST : OUTCOME_RESULT;
}

/* Waits for the next result; *result is NULL when the last one has come. */
static enum outcome next_result(struct pg_session *session, int64_t deadline, bool ticking, PGresult **result)
{
    *result = NULL;
    while (PQflush(session->connection) == 1 || PQisBusy(session->connection) != 0) {
        const enum outcome outcome = read_more(session, deadline, ticking);
        if (outcome != OUTCOME_RESULT) {
            return outcome;
        }
    }
    *result = PQgetResult(session->connection);
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
        outcome = size > 0 ? OUTCOME_RESULT : read_more(session, deadline, ticking);
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

/* Ends the statement under way and takes in what is left of its results, so that the session can be used again. A
 * server that does not obey in time makes it useless. True where everything had been done before the cancel took. */
static bool cancel(struct pg_session *session)
{
    const bool is_sent = pg_cancel_send(session->connection, CANCEL_SEND_MS);
    const int64_t until = deadline_in(is_sent ? CANCEL_MS : CANCEL_LOST_MS);
    PGresult *result;
    enum outcome outcome;
    bool completed = true;
    while ((outcome = next_result(session, until, false, &result)) == OUTCOME_RESULT && result != NULL) {
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
    if (cancel(session) && !wants_result) {
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

/* What has come of a statement so far. */
struct receipt {
    PGresult **last; /* gets the last good result; NULL: a script's, which nobody reads */
    size_t number;   /* of statements that were done, or of the one that failed */
    struct status *status;
    bool ok;
};

/* Owns the result. */
static void take_result(struct pg_session *session, struct receipt *receipt, PGresult *result)
{
    const ExecStatusType state = PQresultStatus(result);
    const bool is_done = state == PGRES_COMMAND_OK || state == PGRES_TUPLES_OK;
    if (!receipt->ok || state == PGRES_SINGLE_TUPLE || state == PGRES_COPY_IN) {
        PQclear(
            result); /* of no interest behind an error; a row of a script; what COPY FROM STDIN says comes behind it */
        return;
    }
    if (state == PGRES_COPY_OUT) {
        receipt->ok = status_fail(receipt->status, STATUS_FAILED_PRECONDITION,
                                  "COPY TO STDOUT cannot be part of a script: nobody reads what it writes.");
    } else if (!is_done && state != PGRES_EMPTY_QUERY && state != PGRES_COPY_BOTH) {
        receipt->ok = fail_result(session, result, receipt->status);
        session->context = arena_strdup(receipt->status->arena, PQresultErrorField(result, PG_DIAG_CONTEXT));
    }
    receipt->number += is_done ? 1 : 0;
    if (receipt->last != NULL && receipt->ok) {
        PQclear(*receipt->last);
        *receipt->last = result;
    } else {
        PQclear(result);
    }
}

/* How a statement ends whose results have not all come. */
static bool receive_no_more(struct pg_session *session, enum outcome outcome, bool wants_result,
                            struct receipt *receipt)
{
    if (outcome == OUTCOME_LOST) {
        session->is_lost = true;
        return receipt->ok && fail_lost(session, receipt->status);
    }
    if (!receipt->ok) {
        cancel(session);
        return false;
    }
    return end_early(session, outcome, wants_result, receipt->status);
}

/* Takes in all results of what was sent. The first bad one makes the status. */
static bool receive(struct pg_session *session, struct receipt *receipt)
{
    enum outcome outcome;
    PGresult *result;
    start_ticking(session);
    while ((outcome = next_result(session, session->deadline, true, &result)) == OUTCOME_RESULT && result != NULL) {
        outcome = is_copy(result) ? end_copy(session, result, session->deadline, true) : OUTCOME_RESULT;
        if (outcome != OUTCOME_RESULT) {
            PQclear(result);
            return receive_no_more(session, outcome, true, receipt);
        }
        take_result(session, receipt, result);
    }
    return outcome == OUTCOME_RESULT ? receipt->ok : receive_no_more(session, outcome, receipt->last != NULL, receipt);
}

/* True where nothing stands in the way of sending. */
static bool is_usable(struct pg_session *session, struct status *status)
{
    session->context = NULL;
    if (session->is_lost || PQstatus(session->connection) != CONNECTION_OK) {
        return fail_lost(session, status);
    }
    return !deadline_passed(session->deadline) ||
           status_fail(status, STATUS_DEADLINE_EXCEEDED, "The time for this request is over.");
}

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
    if (!is_usable(session, status)) {
        return NULL;
    }
    if (PQsendQueryParams(session->connection, statement->sql, statement->count, NULL, statement->values, NULL, NULL,
                          statement->format) == 0) {
        fail_lost(session, status);
        return NULL;
    }
    if (!receive(session, &receipt)) {
        PQclear(result);
        return NULL;
    }
    return result;
}

PGresult *pg_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status)
{
    return query(session, &(struct statement){sql, count, values, 0}, status);
}

PGresult *pg_query_binary(struct pg_session *session, const char *sql, struct status *status)
{
    return query(session, &(struct statement){sql, 0, NULL, 1}, status);
}

bool pg_script(struct pg_session *session, const char *sql, struct pg_failure *failure, struct status *status)
{
    struct receipt receipt = {.status = status, .ok = true};
    *failure = (struct pg_failure){0};
    if (!is_usable(session, status)) {
        return false;
    }
    if (PQsendQuery(session->connection, sql) == 0) {
        return fail_lost(session, status);
    }
    PQsetSingleRowMode(session->connection); /* or libpq would keep all rows of a result until its end */
    const bool ok = receive(session, &receipt);
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

/* ---- how the server runs ours ---- */

static bool turn_jit_off(struct pg_session *session, struct status *status)
{
    static const char sql[] = "SELECT pg_catalog.set_config('jit', 'off', false) "
                              "WHERE pg_catalog.pg_backend_pid() = $1::int "
                              "AND pg_catalog.current_setting('jit', true) = 'on'";
    char pid[16];
    snprintf(pid, sizeof pid, "%d", pg_session_backend_pid(session));
    PG_RESULT(result) = pg_query(session, sql, 1, (const char *const[]){pid}, status);
    session->is_jit_off = result != NULL && PQntuples(result) == 1;
    return result != NULL;
}

bool pg_session_use_jit(struct pg_session *session, bool use, struct status *status)
{
    if (use == !session->is_jit_off) {
        return true;
    }
    if (!use) {
        return turn_jit_off(session, status);
    }
    session->is_jit_off = false;
    return pg_exec(session, "RESET jit", status);
}

/* ---- what is known of a session ---- */

void pg_session_set_deadline(struct pg_session *session, int64_t deadline)
{
    session->deadline = deadline;
}

bool pg_session_is_lost(struct pg_session *session)
{
    struct pollfd fd = {.fd = PQsocket(session->connection), .events = POLLIN};
    /* An idle server says nothing: what there is to read is its farewell, and behind that the end of the connection. */
    for (int i = 0; i < 4 && !session->is_lost && poll(&fd, 1, 0) > 0; i++) {
        session->is_lost = PQconsumeInput(session->connection) == 0;
    }
    return session->is_lost || PQstatus(session->connection) != CONNECTION_OK;
}

int pg_session_server_version(const struct pg_session *session)
{
    return PQserverVersion(session->connection);
}

int pg_session_backend_pid(const struct pg_session *session)
{
    return PQbackendPID(session->connection);
}

const char *pg_session_host(const struct pg_session *session)
{
    return PQhost(session->connection);
}

const char *pg_session_port(const struct pg_session *session)
{
    return PQport(session->connection);
}

const char *pg_session_parameter(const struct pg_session *session, const char *name)
{
    return PQparameterStatus(session->connection, name);
}

const char *pg_session_database(const struct pg_session *session)
{
    return PQdb(session->connection);
}

const char *pg_session_user(const struct pg_session *session)
{
    return PQuser(session->connection);
}

bool pg_session_standard_strings(const struct pg_session *session)
{
    return session->has_standard_strings;
}

bool pg_session_reads_otherwise(const struct pg_session *session)
{
    const char *const encoding = PQparameterStatus(session->connection, "client_encoding");
    return standard_strings_now(session) != session->has_standard_strings ||
           (encoding != NULL && session->encoding != NULL && strcmp(encoding, session->encoding) != 0);
}

bool pg_session_in_transaction(const struct pg_session *session)
{
    const PGTransactionStatusType state = PQtransactionStatus(session->connection);
    return state == PQTRANS_INTRANS || state == PQTRANS_INERROR;
}

void pg_session_declare_lost(struct pg_session *session)
{
    session->is_lost = true;
}

void pg_session_on_notice(struct pg_session *session, pg_notice_fn *fn, void *data)
{
    session->on_notice = fn;
    session->notice_data = data;
}

void pg_session_on_tick(struct pg_session *session, pg_tick_fn *fn, void *data)
{
    session->on_tick = fn;
    session->tick_data = data;
}
