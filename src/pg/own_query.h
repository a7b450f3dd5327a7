/*
 * Sends SQL for our own tables (pg/own_sql.h), and our own words.
 */
#ifndef PG_OWN_QUERY_H
#define PG_OWN_QUERY_H

#include "pg/session.h"

/* As pg_query and pg_exec. The text must be our own; pass foreign text as values. The status must have an arena. */
PGresult *own_query(struct pg_session *session, const char *text, int count, const char *const *values,
                    struct status *status);
bool own_exec(struct pg_session *session, const char *text, struct status *status);

/* If our own tables may not be used: names the role and the schema, and says what to do. */
void own_explain_unreadable(const struct pg_session *session, struct status *status);

/* Sends complete SQL with our words for a person in its literals. The database's encoding may lack a character of them
 * (LATIN1: our dashes): then they are written in ASCII. Also inside a transaction, which stays usable. */
PGresult *own_query_words(struct pg_session *session, const char *sql, struct status *status);
bool own_exec_words(struct pg_session *session, const char *sql, struct status *status);

/* Such words as a value of a statement: in ASCII unless the database's encoding has every character. NULL stays. */
const char *own_words(struct arena *arena, const struct pg_session *session, const char *words);

/* The same for a name that tells rows apart: what is not ASCII is escaped (text_escaped), so that it still does. */
const char *own_key(struct arena *arena, const struct pg_session *session, const char *name);

#endif
