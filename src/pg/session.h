/*
 * A connection to PostgreSQL, used by one thread at a time, every wait bounded by a deadline. Sent asynchronously
 * (PQsendQuery and poll): a deadline that passes cancels the running statement.
 */
#ifndef PG_SESSION_H
#define PG_SESSION_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "pg/conninfo.h"

#include <libpq-fe.h>
#include <stdbool.h>

struct pg_session;

/* Connects. deadline in clock_ms units; at most connect_timeout of the URL, else 10 s. UNAVAILABLE where the server
 * cannot be reached, UNAUTHENTICATED for a refused password (28P01, 28000), NOT_FOUND for a database that does not
 * exist (3D000); the message names host and database, never the password. The session sets client_encoding to UTF8, and
 * application_name to "truss" where the URL gives none. */
struct pg_session *pg_session_open(const struct conninfo *conninfo, int64_t deadline, struct status *status);

void pg_session_free(struct pg_session *session);

/* For every later call: the moment when waiting ends with DEADLINE_EXCEEDED and the statement is cancelled. */
void pg_session_set_deadline(struct pg_session *session, int64_t deadline);

/* True where the connection is lost: the next call would fail. Looks at the socket without waiting, so that a server
 * that was restarted in the meantime is noticed. */
bool pg_session_is_lost(struct pg_session *session);

/* For a tick that has seen, over another connection, that the server has nothing more to say to this one: with its
 * false the call fails as with any lost connection, and nothing is cancelled. */
void pg_session_declare_lost(struct pg_session *session);

/* Does a pooler give it one backend after the other? Then pg_session_backend_pid is nobody's. Known of a pinned one. */
bool pg_session_is_pooled(const struct pg_session *session);

/* When it was asked what is being waited for, or the question or the answer last moved on its way (clock_ms units): for
 * its ticks. */
int64_t pg_session_waits_since(const struct pg_session *session);

/* When its connecting began (clock_ms units): what roles and databases are set to later does not hold for it. */
int64_t pg_session_opened_at(const struct pg_session *session);

int pg_session_server_version(const struct pg_session *session); /* 150018 */
int pg_session_backend_pid(const struct pg_session *session);
/* Its socket, borrowed: a process that has a copy of it keeps the session, with the locks it has, when we are gone. */
int pg_session_socket(const struct pg_session *session);
const char *pg_session_host(const struct pg_session *session); /* the one that is connected; borrowed, as the others */
const char *pg_session_port(const struct pg_session *session);
const char *pg_session_database(const struct pg_session *session);
const char *pg_session_user(const struct pg_session *session);
const char *pg_session_own_schema(const struct pg_session *session); /* where our own tables are: pg/own_sql.h */

/* What the server reports of itself ("server_version", "standard_conforming_strings", …); NULL: it does not. */
const char *pg_session_parameter(const struct pg_session *session, const char *name);

/* False where the server's standard_conforming_strings is off for a session that begins: '…' has escapes there. */
bool pg_session_standard_strings(const struct pg_session *session);

/* Has something changed since how the server reads what is sent (that setting, the encoding)? */
bool pg_session_reads_otherwise(const struct pg_session *session);

/* Inside a transaction (good or failed)? */
bool pg_session_in_transaction(const struct pg_session *session);

/* False: the server compiles no query of this session, until true puts its own setting back. What we ask of the
 * catalogue takes seconds to compile and no time to run. A backend that a pooler gave is left alone: it is others' too.
 */
bool pg_session_use_jit(struct pg_session *session, bool use, struct status *status);

/* Sends these settings (statements), and has the server compile no query, in one message. The session need not be
 * pinned. */
bool pg_session_set_up(struct pg_session *session, const char *settings, struct status *status);

/* Pins the session's search path (pg/search.h), and reads anew what it would be for a script. Not inside of a
 * transaction, unless a pooler gave the backend: there it lasts as long as the transaction, and each pg_query outside
 * of one gets one. */
bool pg_session_pin(struct pg_session *session, struct status *status);

/* Sends these statements, which give no rows, and pins it behind them, in one message where it can be. Not inside of a
 * transaction. */
bool pg_session_pin_behind(struct pg_session *session, const char *sql, struct status *status);

/* Pins it, and begins a transaction that only reads and in which a policy that would hide rows is an error: in one
 * message where it can be. The session is not inside of a transaction; where this fails it may be. */
bool pg_session_begin_reading(struct pg_session *session, struct status *status);

/* As pg_session_pin, for scripts whose tool changes the path of its connection: sql does so, in names that are
 * qualified. It lasts to the next pg_session_pin outside of a transaction. Behind a pooler, where it is called outside
 * of one, each transaction to come gets that path. expected: a schema that will be made before the scripts, which
 * counts as one that is there where that path begins with it; NULL: none will. */
bool pg_session_pin_as(struct pg_session *session, const char *sql, const char *expected, struct status *status);

/* Is it pinned, with the path that its connection has by itself? */
bool pg_session_is_pinned(const struct pg_session *session);

/* As pg_session_open; the session is pinned. */
struct pg_session *pg_session_open_pinned(const struct conninfo *conninfo, int64_t deadline, struct status *status);

/* Of a pinned session, as it was when that was done: the search path of a script, and those of its schemas that exist,
 * with PG_SCHEMA_END between. "" where a pooler is between us and no transaction is open. */
#define PG_SCHEMA_END '\x1f'
const char *pg_session_script_path(const struct pg_session *session);
const char *pg_session_script_schemas(const struct pg_session *session);

/* One statement with parameters in text form ($1…); returns the result, for PQclear, or NULL. SQL errors become a
 * status with SQLSTATE, detail, hint and position: UNAVAILABLE for a lost connection or a server that shuts down or
 * starts (57P01-57P03, 08xxx), PERMISSION_DENIED for 42501, DEADLINE_EXCEEDED where our deadline cancelled it, else
 * FAILED_PRECONDITION. */
PGresult *pg_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status);

/* As own_query (pg/own_sql.h), for a text that lives as long as the session and takes the server longer to plan than to
 * run: a session of a pool that has lasted for a while keeps it prepared. What a run is given is younger and keeps
 * nothing, so that its scripts find nothing of ours. */
PGresult *pg_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status);

/* Is it kept already? */
bool pg_query_is_kept(const struct pg_session *session, const char *sql);

/* Whether it may keep some. A session that is new keeps none: only a pool says yes, and no again for one that it gives
 * away. */
void pg_session_let_keep(struct pg_session *session, bool may_keep);

/* Something to be done while the server works. */
struct pg_meanwhile {
    void (*work)(void *data); /* NULL: nothing; it asks nothing of the session */
    void *data;
};

/* The same as pg_query without parameters, its result in binary form (PQfformat 1): for many rows with times, which
 * cost the server more as text than all the rest. */
PGresult *pg_query_binary(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                          struct status *status);

/* As pg_query, by the simple protocol and with nothing around it: for what is no PostgreSQL, as a pooler's console, and
 * for several statements in one message, of which the result is that of the last that gives rows. */
PGresult *pg_query_simple(struct pg_session *session, const char *sql, struct status *status);

/* One or more statements without parameters, as one simple query; every result is thrown away, row by row as it comes.
 */
bool pg_exec(struct pg_session *session, const char *sql, struct status *status);

/* Where a script failed. */
struct pg_failure {
    size_t statement;    /* 0-based number of the statement in the script: results that had come before the error */
    size_t position;     /* 1-based, in characters of the whole script; 0: the server gave none */
    const char *context; /* PG_DIAG_CONTEXT, in the status's arena; NULL: none */
};

/* A script as one simple query, like pg_exec, but says where it failed. COPY FROM STDIN and COPY TO STDOUT are refused
 * (the connection stays usable). */
bool pg_script(struct pg_session *session, const char *sql, struct pg_failure *failure, struct status *status);

/* Appends a quoted literal ('it''s') or identifier ("Name"), safe whatever standard_conforming_strings says. The text
 * must be UTF-8 without NUL. */
void pg_quote_literal(struct buffer *sql, struct text value);
void pg_quote_identifier(struct buffer *sql, const char *name);

/* Appends one element to an array that is written as text, "{a,NULL": NULL is NULL. Who is done adds the "}". */
void pg_put_element(struct buffer *array, const char *value);

/* What a statement would give, without running it: the result has columns and no rows. */
PGresult *pg_describe(struct pg_session *session, const char *sql, struct status *status);

/* The rows of one statement as they come, so that nobody holds them all: begin, next until it gives NULL or false, and
 * end, which cancels what has not come. Nothing else may be asked of the session in between. */
bool pg_rows_begin(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status);
bool pg_rows_next(struct pg_session *session, PGresult **row, struct status *status);

/* The data of COPY … TO STDOUT likewise: *data, for PQfreemem, is NULL at its end. */
bool pg_copy_begin(struct pg_session *session, const char *sql, struct status *status);
bool pg_copy_next(struct pg_session *session, char **data, int *size, struct status *status);

/* Of both: the session can be used again, or is lost. */
void pg_rows_end(struct pg_session *session);

/* What a server says besides results and errors. */
struct pg_notice {
    const char *severity; /* "NOTICE", "WARNING", …, in English whatever the server's language */
    const char *sqlstate; /* "" where there is none */
    const char *message;
    const char *detail; /* NULL: none, as of hint */
    const char *hint;
};

/* Called for each NOTICE, WARNING and so on, on the thread that waits for the statement, before its call returns; its
 * strings live until it returns. By default they are forgotten. */
typedef void pg_notice_fn(void *data, const struct pg_notice *notice);
void pg_session_on_notice(struct pg_session *session, pg_notice_fn *fn, void *data);

/* Called on the thread that waits for a statement: after 20 ms, then ever less often, at last four times a second. It
 * may use other sessions, for as short as it can. False gives the statement up: it is cancelled, and the call fails
 * with CANCELLED (or succeeds, where everything had been done before the cancel took). NULL: nobody is called. */
typedef bool pg_tick_fn(void *data);
void pg_session_on_tick(struct pg_session *session, pg_tick_fn *fn, void *data);

/* From now on one message of the server (a row, an error) may have about so many bytes: libpq keeps a message in memory
 * until it is whole, twice. What is larger ends the connection, as a server that is sending one hears no cancel; the
 * call fails with RESOURCE_EXHAUSTED. 0: any size. */
void pg_session_take_at_most(struct pg_session *session, size_t bytes);

/* PQclear for __attribute__((cleanup)): `PG_RESULT(result) = pg_query(…);` */
void pg_result_cleanup(PGresult **result);
#define PG_RESULT(name) PGresult *name __attribute__((cleanup(pg_result_cleanup)))

/* Fields of a result. NULL becomes NULL, false, fallback, or NO_TIME. pg_field_us reads a bigint of microseconds since
 * 1970. */
const char *pg_field(const PGresult *result, int row, int column);
bool pg_field_bool(const PGresult *result, int row, int column);
int64_t pg_field_int(const PGresult *result, int row, int column, int64_t fallback);
int64_t pg_field_us(const PGresult *result, int row, int column);

/* A field that outlives its result; "" for NULL. */
const char *pg_field_copy(struct arena *arena, const PGresult *result, int row, int column);

#endif
