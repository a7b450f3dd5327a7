/*
 * Every wait is a poll(2) with the rest of the deadline. libpq blocks only for name resolution when it connects.
 */
#include "pg/session_state.h"

#include "base/arena.h"
#include "base/files.h"
#include "base/sandbox.h"
#include "pg/own_name.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000

/* ---- connecting ---- */

const char *session_one_line(struct arena *arena, const char *message)
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
        /* libpq's next line is a new sentence, and the one before has no period. */
        if (c == '\n' && out.size > 0 && strchr(".:;?! ", out.data[out.size - 1]) == NULL) {
            buffer_putc(&out, '.');
        }
        if (space && (out.size == 0 || out.data[out.size - 1] == ' ')) {
            continue;
        }
        buffer_putc(&out, space ? ' ' : c);
    }
    return buffer_string(&out);
}

bool session_wait(const PGconn *connection, short events, int64_t deadline)
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

/* How long connecting may take: the URL's connect_timeout, or 10 s. */
static uint32_t connect_ms(const struct conninfo *conninfo)
{
    const char *const timeout = conninfo_value(conninfo, "connect_timeout");
    const long seconds = timeout == NULL ? 0 : strtol(timeout, NULL, 10);
    return seconds > 0 && seconds < 3600 ? (uint32_t)seconds * 1000 : CONNECT_MS;
}

static PostgresPollingStatusType connect_step(PGconn *connection, int64_t deadline, bool *in_time)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    *in_time = true;
    while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        *in_time = session_wait(connection, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
        if (!*in_time) {
            return PGRES_POLLING_FAILED;
        }
        state = PQconnectPoll(connection);
    }
    return state;
}

/* libpq 15 gives no SQLSTATE for a refused connection, so the text is examined. */
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
        {"pg_hba.conf rejects connection", STATUS_UNAUTHENTICATED},
        {"GSSAPI", STATUS_UNAUTHENTICATED},
        {"too many connections for", STATUS_UNAVAILABLE},
        {"is not currently accepting connections", STATUS_UNAVAILABLE},
        {"permission denied for database", STATUS_PERMISSION_DENIED},
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

/* libpq does not report a password file that it cannot open. */
static const char *hidden_password_file(struct arena *arena, const struct conninfo *conninfo)
{
    const char *const said = conninfo_value(conninfo, "passfile");
    const char *const variable = getenv("PGPASSFILE");
    const char *const home = sandbox_home(arena);
    const char *const path = said != NULL                              ? said
                             : variable != NULL && variable[0] != '\0' ? variable
                             : home != NULL                            ? path_join(arena, home, ".pgpass")
                                                                       : NULL;
    const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file >= 0) {
        close(file);
    }
    return path != NULL && file < 0 && sandbox_keeps_from(path) ? path : NULL;
}

#define HBA_ADVICE                                                                                                     \
    "pg_hba.conf, on the server, says who may connect from where, with TLS or without: it needs a line for this "      \
    "user, "                                                                                                           \
    "this database and this host, before one that rejects them, and a reload."
#define SLOTS_ADVICE                                                                                                   \
    "max_connections of the server is used up: end sessions that nobody needs (pg_stat_activity), or raise it."

#define BEHIND_POOLER                                                                                                  \
    "The pooler answers, and cannot log in to PostgreSQL behind it: its own log says why (PgBouncer: the host, port "  \
    "and user of its [databases])."

/* Advice for libpq's messages. */
static const struct {
    const char *words;
    const char *hint;
} advice[] = {
    {"GSSAPI",
     "Kerberos (GSSAPI) is asked for, by the URL or by the server's pg_hba.conf: give the worker's user a ticket "
     "(kinit; KRB5CCNAME says where it is), or write gssencmode=disable if the server accepts another login."},
    {"Connection refused", "Is PostgreSQL started there, and is the port right? In a container localhost is the "
                           "container itself. If there is no PostgreSQL, truss dev makes one for the project."},
    {"could not translate host name",
     "Is the host's name right? In a container a database beside it has the name of its service."},
    {"no password supplied",
     "Write it into the URL (USER:PASSWORD@HOST), into PGPASSWORD, or into the file ~/.pgpass."},
    {"password authentication failed",
     "Is it the right password, and does it still count? The server does not tell a wrong one from an expired one: "
     "rolvaliduntil in pg_roles says when it ends."},
    {"is not permitted to log in", "It is a role without LOGIN: ALTER ROLE … LOGIN, or connect as another one."},
    {"no pg_hba.conf entry", HBA_ADVICE},
    {"pg_hba.conf rejects connection", HBA_ADVICE},
    {"too many connections for role",
     "Its CONNECTION LIMIT is used up: end sessions of it, or ALTER ROLE … CONNECTION LIMIT."},
    {"too many connections for database",
     "Its CONNECTION LIMIT is used up: end sessions in it, or ALTER DATABASE … CONNECTION LIMIT."},
    {"remaining connection slots are reserved", SLOTS_ADVICE},
    {"too many clients already", SLOTS_ADVICE},
    {"no more connections allowed",
     "It is the limit of the pooler in front of the server (PgBouncer: max_client_conn). " PG_WITHOUT_POOLER
     ", or raise it."},
    {"pgbouncer cannot connect to server", BEHIND_POOLER},
    {"server login has been failing", BEHIND_POOLER},
    {"permission denied for database", "GRANT CONNECT ON DATABASE … TO … lets it in."},
    {"could not access file", "A setting of the server, the database or the role names a library that the server does "
                              "not have: ALTER ROLE … RESET session_preload_libraries, if it is the role's."},
    {"server does not support SSL", "The URL asks for TLS (sslmode), and this server has none: start it with a "
                                    "certificate, or write sslmode=prefer if the network to it is safe."},
};

static const char *advice_for(const char *message)
{
    for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++) {
        if (strstr(message, advice[i].words) != NULL) {
            return advice[i].hint;
        }
    }
    return NULL;
}

static void add_hint(const struct conninfo *conninfo, const char *message, struct status *status)
{
    const char *const hidden = status->code == STATUS_UNAUTHENTICATED && strstr(message, "password") != NULL
                                   ? hidden_password_file(status->arena, conninfo)
                                   : NULL;
    if (hidden != NULL) {
        status->hint =
            arena_printf(status->arena,
                         "%s was made, or put in another's place, after this worker's start, and the sandbox "
                         "leaves it only what was there then: start the worker again.",
                         hidden);
    } else if (status->code == STATUS_NOT_FOUND && strstr(message, "\" does not exist") != NULL) {
        status->hint = "Is its name right? With --create-database truss or truss-worker makes it.";
    } else {
        status->hint = advice_for(message);
    }
}

static bool connect_now(struct pg_session *session, const struct conninfo *conninfo, int64_t deadline,
                        struct status *status)
{
    bool in_time = true;
    const int64_t own = deadline_in(session->first_answer_ms);
    const int64_t until = own < deadline ? own : deadline;
    session->connection = PQconnectStartParams(conninfo->keywords, conninfo->values, 0);
    if (session->connection == NULL) {
        return status_fail(status, STATUS_RESOURCE_EXHAUSTED, "There is no memory for a connection.");
    }
    if (PQstatus(session->connection) != CONNECTION_BAD &&
        connect_step(session->connection, until, &in_time) == PGRES_POLLING_OK) {
        return true;
    }
    if (!in_time) {
        return status_fail_because(status, deadline_passed(deadline) ? STATUS_DEADLINE_EXCEEDED : STATUS_UNAVAILABLE,
                                   REASON_NO_DATABASE, "Cannot connect to %s: no answer in time.", conninfo->display);
    }
    const char *const message = session_one_line(status->arena, PQerrorMessage(session->connection));
    const enum status_code code = code_of_refusal(message);
    status_fail_because(status, code, REASON_NO_DATABASE, "Cannot connect to %s: %s", conninfo->display, message);
    add_hint(conninfo, message, status);
    return false;
}

static bool standard_strings_now(const struct pg_session *session)
{
    const char *const value = PQparameterStatus(session->connection, "standard_conforming_strings");
    return value == NULL || strcmp(value, "off") != 0;
}

/* CockroachDB tells its version at the start (as Npgsql knows it, too). It takes most of a run's statements, but not
 * the locks that keep two runs apart: pg_advisory_lock() and its like do nothing there. */
static bool check_kind(const struct pg_session *session, struct status *status)
{
    return PQparameterStatus(session->connection, "crdb_version") == NULL ||
           status_fail(
               status, STATUS_FAILED_PRECONDITION,
               "The server at %s is CockroachDB. Truss is for PostgreSQL only: what keeps two runs apart are its "
               "advisory locks, which do nothing in CockroachDB.",
               session->display);
}

/* The catalogs of PostgreSQL 11 lack columns that nearly all our queries name (attgenerated, the access method of a
 * table). */
#define OLDEST_SERVER 120000

static bool check_version(const struct pg_session *session, struct status *status)
{
    const int version = PQserverVersion(session->connection); /* 0: it said none */
    if (version == 0 || version >= OLDEST_SERVER) {
        return true;
    }
    status_fail(status, STATUS_FAILED_PRECONDITION,
                "The server at %s is PostgreSQL %s. Truss needs PostgreSQL %d or newer.", session->display,
                PQparameterStatus(session->connection, "server_version"), OLDEST_SERVER / 10000);
    status->hint = "Upgrade the server, or run the framework's own tool there.";
    return false;
}

/* Records how the server parses statements, before anything changes it. */
static void note_reading(struct pg_session *session)
{
    const char *const encoding = PQparameterStatus(session->connection, "client_encoding");
    session->has_standard_strings = standard_strings_now(session);
    session->encoding = memory_strdup(encoding);
}

/* Waits for memory if there is none: without its name our schema would be another one. */
static char *copy_of(const char *text)
{
    char *const copy = memory_alloc(strlen(text) + 1);
    return strcpy(copy, text);
}

struct pg_session *session_open_as_said(const struct conninfo *conninfo, int64_t deadline, struct status *status)
{
    struct pg_session *session = memory_alloc(sizeof *session);
    session->deadline = deadline;
    session->opened_at = clock_ms();
    session->first_answer_ms = connect_ms(conninfo);
    session->display = copy_of(conninfo->display);
    session->own_schema = copy_of(conninfo->own_schema == NULL ? OWN_SCHEMA_USUAL : conninfo->own_schema);
    if (!connect_now(session, conninfo, deadline, status) || !check_kind(session, status) ||
        !(conninfo->is_console || check_version(session, status)) || PQsetnonblocking(session->connection, 1) != 0) {
        pg_session_free(session);
        return NULL;
    }
    PQsetNoticeReceiver(session->connection, receive_notice, session);
    /* Error fields are read one by one. Otherwise libpq would also compose a text of all of them, and keep it twice: a
     * script may raise one of a gigabyte. Connecting is finished and has reported its errors. */
    PQsetErrorVerbosity(session->connection, PQERRORS_SQLSTATE);
    note_reading(session);
    return session;
}

void pg_session_free(struct pg_session *session)
{
    if (session != NULL) {
        narrow_free(session->narrow, session->connection);
        PQfinish(session->connection);
        for (size_t i = 0; i < PG_MOST_KEPT; i++) {
            free(session->kept[i].text);
        }
        free(session->display);
        free(session->own_schema);
        free(session->encoding);
        free(session->path);
        free(session->other_path);
        free(session->expected);
        free(session->schemas);
        free(session);
    }
}

/* ---- properties of a session ---- */

void pg_session_set_deadline(struct pg_session *session, int64_t deadline)
{
    session->deadline = deadline;
}

bool pg_session_is_lost(struct pg_session *session)
{
    struct pollfd fd = {.fd = PQsocket(session->connection), .events = POLLIN};
    /* An idle server sends nothing: anything to read is its farewell, followed by the end of the connection. */
    for (int i = 0; i < 4 && !session->is_lost && poll(&fd, 1, 0) > 0; i++) {
        session->is_lost = PQconsumeInput(session->connection) == 0;
    }
    return session->is_lost || PQstatus(session->connection) != CONNECTION_OK;
}

struct pg_session *pg_session_open(const struct conninfo *conninfo, int64_t deadline, struct status *status)
{
    struct pg_session *const session = session_open_as_said(conninfo, deadline, status);
    return session == NULL ? NULL : session_without_own_schema(session, conninfo, deadline);
}

int64_t pg_session_opened_at(const struct pg_session *session)
{
    return session->opened_at;
}

int pg_session_server_version(const struct pg_session *session)
{
    return PQserverVersion(session->connection);
}

int pg_session_socket(const struct pg_session *session)
{
    return PQsocket(session->connection);
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

const char *pg_session_own_schema(const struct pg_session *session)
{
    return session->own_schema;
}

const char *pg_session_user(const struct pg_session *session)
{
    return PQuser(session->connection);
}

bool pg_session_standard_strings(const struct pg_session *session)
{
    return session->has_standard_strings;
}

bool session_encodes_otherwise(const struct pg_session *session)
{
    const char *const encoding = PQparameterStatus(session->connection, "client_encoding");
    return encoding != NULL && session->encoding != NULL && strcmp(encoding, session->encoding) != 0;
}

bool pg_session_reads_otherwise(const struct pg_session *session)
{
    return standard_strings_now(session) != session->has_standard_strings || session_encodes_otherwise(session);
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

bool pg_session_is_pooled(const struct pg_session *session)
{
    return session->is_pooled;
}

int64_t pg_session_waits_since(const struct pg_session *session)
{
    return session->waits_since;
}

void pg_session_on_notice(struct pg_session *session, pg_notice_fn *fn, void *data)
{
    session->on_notice = fn;
    session->notice_data = data;
}

void pg_session_take_at_most(struct pg_session *session, size_t bytes)
{
    session->most_bytes = bytes;
    session->came_bytes = 0;
    if (bytes > 0 && session->narrow == NULL) {
        session->narrow = narrow_new(session->connection);
        session->is_lost = session->is_lost || session->narrow == NULL;
    } else if (bytes == 0) {
        session->is_lost = !narrow_free(session->narrow, session->connection) || session->is_lost;
        session->narrow = NULL;
    }
}

void pg_session_on_tick(struct pg_session *session, pg_tick_fn *fn, void *data)
{
    session->on_tick = fn;
    session->tick_data = data;
}

uint64_t pg_session_sent(const struct pg_session *session)
{
    return session->sent;
}

bool pg_session_is_pinned(const struct pg_session *session)
{
    return session->path != NULL && !session->has_other_path;
}
