/*
 * Event triggers: code of a database that runs at changes of its schema, whoever makes them.
 */
#ifndef PG_LISTENERS_H
#define PG_LISTENERS_H

#include "pg/session.h"

/* SQL: does the event trigger e fire in a session that is no replica's? */
#define PG_LISTENS "e.evtenabled OPERATOR(pg_catalog.=) ANY (ARRAY['O', 'A']::pg_catalog.\"char\"[])"

/* Those of the database that fire, as `strict (its function guard() belongs to the role "bob"), …`, in the arena; NULL:
 * none, or not known. context: an error's (PG_DIAG_CONTEXT); then only those whose function is in it; NULL: all. The
 * session must not be inside a transaction that has failed. */
const char *listeners_named(struct arena *arena, struct pg_session *session, const char *context);

#endif
