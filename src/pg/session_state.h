/*
 * The internals of a session, for the files of this folder that send and receive.
 */
#ifndef PG_SESSION_STATE_H
#define PG_SESSION_STATE_H

#include "pg/narrow.h"
#include "pg/session.h"

/* The most statements that a session keeps prepared. A plan and a check together ask 45 texts, which take 5 MB of the
 * server's session (PostgreSQL 18); those of other kinds of scripts come along. What has no place is sent as text. */
#define PG_MOST_KEPT 64
#define KEPT_NAME    32 /* bytes of a prepared statement's name, with its NUL */

struct kept {
    char *text; /* as it was given; NULL: nothing is kept here, nor in the places behind */
    char name[KEPT_NAME];
    bool is_refused; /* it is sent as text */
};

struct pg_session {
    PGconn *connection;
    bool is_lost;
    bool is_jit_off;     /* by us */
    bool is_jit_known;   /* the setting was queried: if it is off anyway, it is not queried again */
    bool has_other_path; /* pinned with the path of a framework's own connection */
    char *other_path;    /* that path, behind a pooler, where each transaction sets it; else NULL */
    char *expected;      /* a schema that a run will create before its scripts; NULL: none */
    bool is_pooled;      /* a pooler gives it different backends */
    char *path;          /* a script's search path setting; NULL: not pinned yet (pg/search.h) */
    char *schemas;       /* the existing schemas of it, with PG_SCHEMA_END between */
    const char *context; /* of the last error, in its status's arena */
    uint64_t sent;       /* messages so far */
    int64_t deadline;
    uint32_t first_answer_ms; /* how long its first statement may take; 0: it has been answered */
    int64_t opened_at;        /* clock_ms units */
    struct narrow *narrow;    /* NULL: messages may have any size */
    size_t most_bytes;        /* limit of one message */
    size_t came_bytes;        /* since the last complete message, approximately */
    bool may_keep;            /* it belongs to a pool, so that no script can see prepared statements */
    bool is_generic;          /* prepared statements are planned once */
    struct kept kept[PG_MOST_KEPT];
    char *display;    /* host and database, for messages */
    char *own_schema; /* the schema of our own tables */
    bool has_standard_strings;
    char *encoding; /* at the beginning, which RESET ALL restores */
    pg_notice_fn *on_notice;
    void *notice_data;
    pg_tick_fn *on_tick;
    void *tick_data;
    int64_t waits_since; /* when the current statement was sent or its bytes last moved; clock_ms, like the next */
    int64_t next_tick;
    int unsent_bytes; /* of the statement, still in the kernel's send buffer */
    int tick_pause;   /* ms */
};

/* libpq's message in one line of about 500 bytes at the most, from behind "FATAL:  " if it has that. */
const char *session_one_line(struct arena *arena, const char *message);

/* pg_session_open with the search path that the connection has. */
struct pg_session *session_open_as_said(const struct conninfo *conninfo, int64_t deadline, struct status *status);

/* Advice for who is behind a pooler, without a full stop. */
#define PG_WITHOUT_POOLER "Give the worker the host and port of PostgreSQL itself (Prisma: directUrl)"

/* Gives another session, and frees this one, if its search path would mean our own schema (own_schema.c); else this
 * one. conninfo: with which it was opened. */
struct pg_session *session_without_own_schema(struct pg_session *session, const struct conninfo *conninfo,
                                              int64_t deadline);

/* Is the client's encoding another one than at the beginning? */
bool session_encodes_otherwise(const struct pg_session *session);

/* Waits until the socket is ready for `events` (poll's); false if the deadline has passed. */
bool session_wait(const PGconn *connection, short events, int64_t deadline);

#endif
