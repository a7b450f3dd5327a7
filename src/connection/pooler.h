/*
 * Which pooler is in front of a server, how it assigns sessions, and what that means for migrations. PgBouncer, PgCat,
 * Supavisor, RDS Proxy and hosted variants are recognised by the host name and by the answers of a pooler's own
 * console; a backend that differs from the connection's original one reveals that there is some pooler.
 */
#ifndef CONNECTION_POOLER_H
#define CONNECTION_POOLER_H

#include "pg/session.h"

/* Texts are never NULL; "" means not known. */
struct pooler {
    bool is_found;
    const char *name;     /* "PgBouncer" */
    const char *version;  /* "1.18.0" */
    const char *mode;     /* "session", "transaction", "statement" */
    const char *evidence; /* how it was recognised */
    const char *meaning;  /* for migrations */
    const char *advice;
};

/* From the URL alone. */
void pooler_of_url(struct arena *arena, const struct conninfo *conninfo, struct pooler *pooler);

/* The same with what a pinned session shows. If there is a pooler its console is queried, for 2 seconds at most;
 * without an answer the name stays unknown. */
void pooler_look(struct arena *arena, struct pg_session *session, const struct conninfo *conninfo,
                 struct pooler *pooler);

#endif
