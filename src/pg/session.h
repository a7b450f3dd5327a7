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
 * URL sets it. Its first statement has no more time than connecting had, because a pooler lets in clients for which it
 * has no connection to the server: that statement must be a short one. */
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

/* Why nothing runs through one. */
#define PG_SESSION_POOLED                                                                                              \
    "The connection goes through a pooler (PgBouncer or alike), where the lock that keeps two runs apart would be "    \
    "lost: give the worker a direct connection URL (Prisma's directUrl)."

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

/* Is it inside a transaction, good or failed? */
bool pg_session_in_transaction(const struct pg_session *session);

/* Is it pinned, with its connection's own path for scripts? */
bool pg_session_is_pinned(const struct pg_session *session);

/* How many messages were sent so far: if the number is still the same, nobody has used it since. */
uint64_t pg_session_sent(const struct pg_session *session);

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

#endif
