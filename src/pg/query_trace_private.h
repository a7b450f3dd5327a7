/*
 * The parts of a trace, for query_trace.c, which makes it, and ask_again.c, which sends it again.
 */
#ifndef PG_QUERY_TRACE_PRIVATE_H
#define PG_QUERY_TRACE_PRIVATE_H

#include "base/digest.h"
#include "pg/query_trace.h"

enum told_by {
    TOLD_BY_TEXT,
    TOLD_BY_NAME,   /* a prepared statement */
    TOLD_BY_PIN,    /* session_put_pin */
    TOLD_IN_BINARY, /* a text whose answer's digest is that of record_send of its rows */
};

/* A statement and its answer. */
struct told {
    enum told_by by;
    const char *sql;    /* the text with its values filled in; the name; what is before the pin */
    const char *behind; /* the pin; NULL otherwise */
    int count;          /* of the values of a prepared statement */
    const char **values;
    size_t results;                    /* at least one */
    bool is_only_done;                 /* its answer was not looked at */
    unsigned char digest[SHA256_SIZE]; /* zero: there were no rows */
    const char *table;                 /* that it reads, and nothing else; NULL: it is not known */
    size_t number;                     /* of the table */
};

struct query_trace {
    struct arena *arena;
    const struct pg_session *session; /* while it is made */
    bool has_doubt;
    struct told *items;
    size_t count;
    size_t capacity;
    size_t tables;
};

/* The digest of a result with rows, as text. */
void told_digest(const PGresult *result, unsigned char digest[SHA256_SIZE]);

#endif
