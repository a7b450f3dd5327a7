/*
 * Statements that a pool's session keeps prepared.
 */
#ifndef PG_KEPT_H
#define PG_KEPT_H

#include "pg/exec_private.h"

/* Is this text, as pg_query_kept was given it, prepared already? */
bool pg_query_is_kept(const struct pg_session *session, const char *sql);

/* Allows or forbids keeping prepared statements. New sessions keep none; only a pool allows it, and forbids it before
 * it gives a session away. */
void pg_session_let_keep(struct pg_session *session, bool may_keep);

/* Does it keep prepared statements now? */
bool session_keeps(const struct pg_session *session);

/* The name of this prepared statement; NULL if it is not prepared. */
const char *session_kept_name(const struct pg_session *session, const char *sql);

/* Is a statement of this name prepared? */
bool session_has_kept(const struct pg_session *session, const char *name);

/* Appends an EXECUTE of the prepared statement with these values, without a semicolon. */
void kept_put_execute(struct buffer *sql, const char *name, int count, const char *const *values);

/* Returns true if the prepared statement was used, with its *result. Otherwise it must be sent as text, which is in
 * statement->sql then; also if the server no longer has it, because an unnoticed pooler has changed the backend. */
bool kept_query(struct pg_session *session, struct statement *statement, PGresult **result, struct status *status);

/* As pg_query_kept, for setting up the session. */
PGresult *session_query_kept(struct pg_session *session, const char *sql, int count, const char *const *values,
                             struct status *status);

#endif
