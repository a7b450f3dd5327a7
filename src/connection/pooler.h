/*
 * Which pooler stands before a server, how it shares sessions, and what that means for migrations. Known are PgBouncer,
 * PgCat, Supavisor, RDS Proxy and what providers run of them, by the name of the host and by what a pooler answers on
 * its own console; a backend that is not the one that the connection was promised shows that there is some pooler.
 */
#ifndef CONNECTION_POOLER_H
#define CONNECTION_POOLER_H

#include "pg/session.h"

/* Texts are never NULL; "" is not known. */
struct pooler {
    bool is_found;
    const char *name;     /* "PgBouncer" */
    const char *version;  /* "1.18.0" */
    const char *mode;     /* "session", "transaction", "statement" */
    const char *evidence; /* by what it is known */
    const char *meaning;  /* for migrations */
    const char *advice;
};

/* What the URL alone says. */
void pooler_of_url(struct arena *arena, const struct conninfo *conninfo, struct pooler *pooler);

/* The same with what a pinned session shows. Where there is a pooler its console is asked, for 2 seconds at
 * most; one that does not answer leaves the name unknown. */
void pooler_look(struct arena *arena, struct pg_session *session, const struct conninfo *conninfo,
                 struct pooler *pooler);

#endif
