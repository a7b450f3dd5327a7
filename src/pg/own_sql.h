/*
 * SQL for our own tables. The operator may name their schema (--state-schema), and a session knows its name. A
 * statement writes {truss} for the schema, and '{truss}' for its name as a string; both are replaced here when the
 * statement is sent. A statement sent without this fails at its first use, because PostgreSQL does not accept braces.
 */
#ifndef PG_OWN_SQL_H
#define PG_OWN_SQL_H

#include "base/status.h"
#include "base/text.h"
#include "pg/own_name.h"
#include "pg/session.h"

#include <stdbool.h>

#define OWN_SCHEMA_MOST 63 /* bytes: PostgreSQL cuts longer names */

/* May our tables be in a schema of this name? Not in one of the server's own, and not in "public", where applications
 * have theirs. Fails with INVALID_ARGUMENT. */
bool own_schema_check(const char *name, struct status *status);

/* As pg_query and pg_exec. The text must be our own; pass foreign text as values. The status must have an arena. */
PGresult *own_query(struct pg_session *session, const char *text, int count, const char *const *values,
                    struct status *status);
bool own_exec(struct pg_session *session, const char *text, struct status *status);

/* Sends complete SQL with our words for a person in its literals. The database's encoding may lack a character of them
 * (LATIN1: our dashes): then they are written in ASCII. Also inside a transaction, which stays usable. */
PGresult *own_query_words(struct pg_session *session, const char *sql, struct status *status);
bool own_exec_words(struct pg_session *session, const char *sql, struct status *status);

/* Such words as a value of a statement: in ASCII unless the database's encoding has every character. NULL stays. */
const char *own_words(struct arena *arena, const struct pg_session *session, const char *words);

/* The same for a name that tells rows apart: what is not ASCII is escaped (text_escaped), so that it still does. */
const char *own_key(struct arena *arena, const struct pg_session *session, const char *name);

/* Returns the text with the schema's name filled in, in the arena. schema NULL: the default. */
const char *own_text(struct arena *arena, const char *schema, const char *text);

/* The same for the schema of a session. */
const char *own_sql(struct arena *arena, const struct pg_session *session, const char *text);

/* The same, appended to SQL that also contains foreign text. schema NULL: the default. */
void own_put(struct buffer *sql, const char *schema, const char *text);

#endif
