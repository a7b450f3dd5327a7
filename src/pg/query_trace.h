/*
 * What the work of a thread has learned from the server, so that it can be checked later whether the server would say
 * the same again. After query_trace_begin each statement of the session is noted with a digest of its answer (pg/exec.c
 * does it). pg/ask_again.h sends all of them again and compares. The work is a function of the answers, so that it
 * would end as before if each is as before; whatever was written to the server meanwhile, and whatever is read: tables,
 * views, functions, the clock. Only for work that writes nothing.
 *
 * What cannot be noted is a doubt, and then there is no trace: a statement that fails, one of another session, rows
 * that are taken one by one, a session with a tool's search path, and one that has nothing prepared yet or is a
 * pooler's.
 */
#ifndef PG_QUERY_TRACE_H
#define PG_QUERY_TRACE_H

#include "pg/session.h"

#include <libpq-fe.h>

#define TRACE_TABLES 4 /* whose rows may be told by their versions */

struct query_trace;

/* Notes from now on what this thread asks over this session. The thread must not have a trace already. */
void query_trace_begin(const struct pg_session *session);

/* Ends that, and returns the trace, to be freed; NULL if there was a doubt, or none was begun. */
struct query_trace *query_trace_end(void);

/* NULL is fine. */
void query_trace_free(struct query_trace *trace);

/* The only query with a binary result reads this table (quoted) and nothing else, by functions that depend on their
 * arguments and the session's settings alone. Does nothing if there are several such queries, or too many tables. */
void query_trace_reads(struct query_trace *trace, const char *table);

/* Did both ask and learn the same? */
bool query_trace_equal(const struct query_trace *a, const struct query_trace *b);

/* The memory that it takes. */
size_t query_trace_bytes(const struct query_trace *trace);

/* ---- for those who send statements; without a trace these do nothing ---- */

/* What was sent. */
struct query_noted {
    const char *sql;  /* the whole text */
    const char *name; /* of the prepared statement; NULL: it was sent as text */
    int count;
    const char *const *values;
    bool is_binary;
    size_t results; /* how many statements of it have ended */
};

/* result: what the caller learns of it; NULL: nothing but that it was done. */
void query_trace_note(const struct pg_session *session, const struct query_noted *noted, const PGresult *result);

/* The statement that was just noted has pinned the session between these (session_put_pin). */
void query_trace_pinned(const char *before, const char *behind);

/* The statement that was just noted, outside of a transaction, reads this table (quoted) and nothing else; as above. */
void query_trace_just_read(const char *table);

/* Something that cannot be noted has influenced the result. */
void query_trace_doubt(void);

#endif
