/*
 * A connection to PostgreSQL, used by one thread at a time. Every wait is bounded by a deadline: statements are sent
 * asynchronously (PQsendQuery and poll), and a statement whose deadline passes is cancelled.
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

/* Connects. deadline: clock_ms; limited to the URL's connect_timeout, or 10 s. UNAVAILABLE if the server cannot be
 * reached, UNAUTHENTICATED for a refused login (28P01, 28000), NOT_FOUND for a missing database (3D000); the message
 * names host and database, never the password. Sets client_encoding to UTF8, and application_name to "truss" unless the
 * URL sets it. */
struct pg_session *pg_session_open(const struct conninfo *conninfo, int64_t deadline, struct status *status);

void pg_session_free(struct pg_session *session);

/* Sets the deadline (clock_ms) of all later calls: when it passes, the statement is cancelled and the call fails with
 * DEADLINE_EXCEEDED. */
void pg_session_set_deadline(struct pg_session *session, int64_t deadline);

/* Is the connection lost, so that the next call would fail? Checks the socket without waiting, and so notices a server
 * that was restarted meanwhile. */
bool pg_session_is_lost(struct pg_session *session);

/* For a tick that has found out, over another connection, that the server will send nothing more to this one: the tick
 * then returns false, and the call fails as for any lost connection, without a cancel. */
void pg_session_declare_lost(struct pg_session *session);

/* Does a pooler give the session different backends? Then pg_session_backend_pid is meaningless. Known once it is
 * pinned. */
bool pg_session_is_pooled(const struct pg_session *session);

/* When the current statement was sent, or when its bytes or its answer's last moved (clock_ms). For ticks. */
int64_t pg_session_waits_since(const struct pg_session *session);

/* When connecting began (clock_ms): later ALTER ROLE and ALTER DATABASE settings do not apply to it. */
int64_t pg_session_opened_at(const struct pg_session *session);

int pg_session_server_version(const struct pg_session *session); /* 150018 */
int pg_session_backend_pid(const struct pg_session *session);
/* Its socket, borrowed. A process that inherits it keeps the session and its locks alive when we are gone. */
int pg_session_socket(const struct pg_session *session);
const char *pg_session_host(const struct pg_session *session); /* the connected one; borrowed, like the next four */
const char *pg_session_port(const struct pg_session *session);
const char *pg_session_database(const struct pg_session *session);
const char *pg_session_user(const struct pg_session *session);
const char *pg_session_own_schema(const struct pg_session *session); /* the schema of our own tables: pg/own_sql.h */

/* A parameter that the server reports ("server_version", "standard_conforming_strings", …); NULL: it does not. */
const char *pg_session_parameter(const struct pg_session *session, const char *name);

/* Returns false if the server's standard_conforming_strings is off for new sessions: '…' then contains escapes. */
bool pg_session_standard_strings(const struct pg_session *session);

/* Has the way in which the server reads statements changed since the connection began (that setting, the encoding)? */
bool pg_session_reads_otherwise(const struct pg_session *session);

/* Sets the client's encoding back to what it was when the connection began, if it has changed. */
bool pg_session_encode_as_begun(struct pg_session *session, struct status *status);

/* Is it inside a transaction, good or failed? */
bool pg_session_in_transaction(const struct pg_session *session);

/* With false: switches JIT compilation off, until true restores the setting. Our catalog queries take seconds to
 * compile and no time to run. Does nothing to a pooler's backend, which others use, too. */
bool pg_session_use_jit(struct pg_session *session, bool use, struct status *status);

/* Sends these settings (statements) and switches JIT off, in one message. The session need not be pinned. */
bool pg_session_set_up(struct pg_session *session, const char *settings, struct status *status);

/* Pins the search path (pg/search.h), and reads anew what it would be for a script. Call it outside a transaction,
 * except behind a pooler: there the pin lasts as long as the transaction, and each pg_query outside a transaction is
 * given its own. */
bool pg_session_pin(struct pg_session *session, struct status *status);

/* Sends these statements, which return no rows, and pins the session afterwards, in one message if possible. Call it
 * outside a transaction. */
bool pg_session_pin_behind(struct pg_session *session, const char *sql, struct status *status);

/* Pins the session and begins a read-only transaction with row_security off (a policy that would hide rows is an
 * error), in one message if possible. Call it outside a transaction; if it fails, one may be open. */
bool pg_session_begin_reading(struct pg_session *session, struct status *status);

/* As pg_session_pin, for scripts whose tool changes its connection's search path: `sql` does so, with qualified names.
 * Lasts until the next pg_session_pin outside a transaction; behind a pooler, called outside a transaction, it applies
 * to each later transaction. expected: a schema that will be created before the scripts run; it counts as existing if
 * the path begins with it; NULL: none. */
bool pg_session_pin_as(struct pg_session *session, const char *sql, const char *expected, struct status *status);

/* Is it pinned, with its connection's own path for scripts? */
bool pg_session_is_pinned(const struct pg_session *session);

/* As pg_session_open, with the session pinned. */
struct pg_session *pg_session_open_pinned(const struct conninfo *conninfo, int64_t deadline, struct status *status);

/* The search path of a script, as it was when the session was pinned, and those of its schemas that exist, with
 * PG_SCHEMA_END between. "" behind a pooler outside a transaction. */
#define PG_SCHEMA_END '\x1f'
const char *pg_session_script_path(const struct pg_session *session);
const char *pg_session_script_schemas(const struct pg_session *session);

/* Runs one statement with text parameters ($1…). Returns the result, for PQclear, or NULL. SQL errors fill the status
 * with SQLSTATE, detail, hint and position; its code is UNAVAILABLE for a lost connection or a server that shuts down
 * or starts (57P01-57P03, 08xxx), PERMISSION_DENIED for 42501, DEADLINE_EXCEEDED if our deadline cancelled it, else
 * FAILED_PRECONDITION. */
PGresult *pg_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status);

/* As own_query (pg/own_sql.h), for a text that takes longer to plan than to run: a pool's session that has lived for a
 * while keeps it prepared. The text must live as long as the session. Sessions of runs prepare nothing, so that scripts
 * find nothing of ours. */
PGresult *pg_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status);

/* Is it prepared already? */
bool pg_query_is_kept(const struct pg_session *session, const char *sql);

/* Allows or forbids keeping prepared statements. New sessions keep none; only a pool allows it, and forbids it before
 * it gives a session away. */
void pg_session_let_keep(struct pg_session *session, bool may_keep);

/* Work to do while the server works. */
struct pg_meanwhile {
    void (*work)(void *data); /* must not use the session; NULL: none */
    void *data;
};

/* As pg_query without parameters, with a binary result (PQfformat 1): for many rows with times, whose conversion to
 * text costs the server more than everything else. */
PGresult *pg_query_binary(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                          struct status *status);

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
    size_t position;     /* 1-based, in characters of the whole script; 0: the server gave none */
    const char *context; /* PG_DIAG_CONTEXT, in the status's arena; NULL: none */
};

/* Runs a script as one simple query, like pg_exec, but reports where it failed. COPY FROM STDIN and COPY TO STDOUT are
 * refused; the connection stays usable. */
bool pg_script(struct pg_session *session, const char *sql, struct pg_failure *failure, struct status *status);

/* Append a quoted literal ('it''s'), and a quoted identifier ("Name"), valid under either value of
 * standard_conforming_strings. The text must be UTF-8 without NUL. */
void pg_quote_literal(struct buffer *sql, struct text value);
void pg_quote_identifier(struct buffer *sql, const char *name);

/* Appends a DO statement with this body, as a literal: the body could contain the tag of a dollar quote, but cannot end
 * a literal. No semicolon follows. */
void pg_put_do(struct buffer *sql, struct text body);

/* Appends an element to an array in text form, {"a",NULL; a NULL pointer becomes NULL. pg_array_text ends it. */
void pg_put_element(struct buffer *array, const char *value);

/* Ends the array, {} without elements. Call it once. The text is the buffer's, and so lives in its arena. */
const char *pg_array_text(struct buffer *array);

/* Describes what a statement would return, without running it: the result has columns and no rows. */
PGresult *pg_describe(struct pg_session *session, const char *sql, struct status *status);

/* Receive the rows of one statement as they arrive, without storing them all: begin; next, until it gives NULL or
 * returns false; end (pg_rows_end), which cancels the rest. Do not use the session for anything else in between. */
bool pg_rows_begin(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status);
bool pg_rows_next(struct pg_session *session, PGresult **row, struct status *status);

/* The same for the data of COPY … TO STDOUT. Free *data with PQfreemem; it is NULL at the end. */
bool pg_copy_begin(struct pg_session *session, const char *sql, struct status *status);
bool pg_copy_next(struct pg_session *session, char **data, int *size, struct status *status);

/* Ends either; afterwards the session can be used again, or is lost. */
void pg_rows_end(struct pg_session *session);

/* A NOTICE, WARNING or similar message of the server. */
struct pg_notice {
    const char *severity; /* "NOTICE", "WARNING", …, in English regardless of the server's language */
    const char *sqlstate; /* "" if there is none */
    const char *message;
    const char *detail; /* NULL: none; so is hint */
    const char *hint;
};

/* Called for each notice on the thread that waits for the statement, before its call returns. Strings are valid during
 * the call. By default notices are ignored. */
typedef void pg_notice_fn(void *data, const struct pg_notice *notice);
void pg_session_on_notice(struct pg_session *session, pg_notice_fn *fn, void *data);

/* Called on the thread that waits for a statement: first after 20 ms, then less and less often, down to four times a
 * second. It may use other sessions, briefly. Returning false gives the statement up: it is cancelled and the call
 * fails with CANCELLED, or succeeds if everything had been done before the cancel took effect. NULL: no tick. */
typedef bool pg_tick_fn(void *data);
void pg_session_on_tick(struct pg_session *session, pg_tick_fn *fn, void *data);

/* Limits the size of one message of the server (a row, an error) to about this many bytes; libpq keeps a message in
 * memory, twice, until it is complete. A larger one ends the connection, since a server does not notice a cancel while
 * it sends; the call fails with RESOURCE_EXHAUSTED. 0: no limit. */
void pg_session_take_at_most(struct pg_session *session, size_t bytes);

/* PQclear for __attribute__((cleanup)): `PG_RESULT(result) = pg_query(…);` */
void pg_result_cleanup(PGresult **result);
#define PG_RESULT(name) PGresult *name __attribute__((cleanup(pg_result_cleanup)))

/* Fields of a result. SQL NULL becomes NULL, false, fallback, or NO_TIME. pg_field_us reads a bigint of microseconds
 * since 1970. */
const char *pg_field(const PGresult *result, int row, int column);
bool pg_field_bool(const PGresult *result, int row, int column);
int64_t pg_field_int(const PGresult *result, int row, int column, int64_t fallback);
int64_t pg_field_us(const PGresult *result, int row, int column);

/* Copies a field so that it outlives its result; "" for NULL. */
const char *pg_field_copy(struct arena *arena, const PGresult *result, int row, int column);

#endif
