/*
 * Queries of our own: in a pinned session (pg/search.h), and behind a pooler, where nothing lasts longer than a
 * transaction, each in one that is pinned.
 */
#ifndef PG_QUERY_H
#define PG_QUERY_H

#include "pg/exec.h"

/* Runs one statement with text parameters ($1…). Returns the result, for PQclear, or NULL. SQL errors fill the status
 * with SQLSTATE, detail, hint and position; its code is UNAVAILABLE for a lost connection or a server that shuts down
 * or starts (57P01-57P03, 08xxx), PERMISSION_DENIED for 42501, DEADLINE_EXCEEDED if our deadline cancelled it, else
 * FAILED_PRECONDITION. */
PGresult *pg_query(struct pg_session *session, const char *sql, int count, const char *const *values,
                   struct status *status);

/* As own_query (pg/own_query.h), for a text that takes longer to plan than to run: a pool's session that has lived for
 * a while keeps it prepared, with one plan for all values. The text must be the same each time. Sessions of runs
 * prepare nothing, so that scripts find nothing of ours. */
PGresult *pg_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                        struct status *status);

/* As pg_query without parameters, with a binary result (PQfformat 1): for many rows with times, whose conversion to
 * text costs the server more than everything else. */
PGresult *pg_query_binary(struct pg_session *session, const char *sql, const struct pg_meanwhile *meanwhile,
                          struct status *status);

#endif
