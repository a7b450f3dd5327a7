/*
 * What a session is, for the files that make one: session.c, receive.c, query.c, rows.c and search.c.
 */
#ifndef PG_SESSION_STATE_H
#define PG_SESSION_STATE_H

#include "pg/narrow.h"
#include "pg/session.h"

/* Texts that a session keeps prepared. */
#define PG_MOST_KEPT 8
#define KEPT_NAME    32 /* bytes of what the server calls one, with the end */

struct pg_session {
    PGconn *connection;
    bool is_lost;
    bool is_jit_off;     /* by us */
    bool is_jit_known;   /* it was asked for: where it is off already, it is not asked for again */
    bool has_other_path; /* it is pinned with the path of a framework's own connection */
    char *other_path;    /* that one, behind a pooler: each transaction gets it; else NULL */
    char *expected;      /* a schema that a run makes before its scripts; NULL: none */
    bool is_pooled;      /* a pooler gives it one backend after the other */
    char *path;          /* the setting that a script of it has; NULL: not pinned yet (pg/search.h) */
    char *schemas;       /* those of it that exist, with PG_SCHEMA_END between */
    const char *context; /* of the last error, in its status's arena */
    int64_t deadline;
    int64_t opened_at;              /* clock_ms units */
    struct narrow *narrow;          /* NULL: a message may be of any size */
    size_t most_bytes;              /* of one message */
    size_t came_bytes;              /* since the last whole one, about */
    bool may_keep;                  /* it is a pool's: no script of anybody finds what it keeps */
    const char *kept[PG_MOST_KEPT]; /* what the server has prepared for it; NULL: no more */
    char kept_names[PG_MOST_KEPT][KEPT_NAME];
    char *display;    /* host and database, for messages */
    char *own_schema; /* of our own tables */
    bool has_standard_strings;
    char *encoding; /* as it connected: what RESET ALL makes of it */
    pg_notice_fn *on_notice;
    void *notice_data;
    pg_tick_fn *on_tick;
    void *tick_data;
    int64_t waits_since; /* the answer, or what of it or of the question moved last; clock_ms units, as is the next */
    int64_t next_tick;
    int unsent_bytes; /* of the question, in the kernel's hands */
    int tick_pause;   /* ms */
};

/* libpq's text as one line: the first of it, without "connection to server …: " and "FATAL: ". */
const char *session_one_line(struct arena *arena, const char *message);

/* pg_session_open, with the search path that the server gives (own_schema.c may want another). */
struct pg_session *session_open_as_said(const struct conninfo *conninfo, int64_t deadline, struct status *status);

/* As pg_query, for what sets the session up: nothing is put around it behind a pooler. */
PGresult *session_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status);

/* The same as pg_query_kept does it. */
PGresult *session_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                             struct status *status);

/* Does it keep texts prepared by now? */
bool session_keeps(const struct pg_session *session);

/* By what name it keeps this one; NULL where it does not. */
const char *session_kept_name(const struct pg_session *session, const char *sql);

/* Waits until the socket can be read or written as wanted (poll's events); false when the deadline has passed. */
bool session_wait(const PGconn *connection, short events, int64_t deadline);

#endif
