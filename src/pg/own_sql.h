/*
 * SQL about our own tables. The operator names their schema (--state-schema), and a session knows its name: a statement
 * says {truss} where the schema is meant, and '{truss}' where its name is, as a string. Both are put in here, once,
 * when the statement is sent. PostgreSQL takes no braces: who forgets it is told at the first call.
 */
#ifndef PG_OWN_SQL_H
#define PG_OWN_SQL_H

#include "base/status.h"
#include "base/text.h"
#include "pg/own_name.h"
#include "pg/session.h"

#include <stdbool.h>

#define OWN_SCHEMA_MOST 63 /* bytes: what PostgreSQL keeps of a name */

/* May our tables be in a schema of this name? Not in one of the server's own, nor in "public", where applications have
 * theirs. Fails with INVALID_ARGUMENT. */
bool own_schema_check(const char *name, struct status *status);

/* As pg_query and pg_exec. The text is ours alone: what others wrote goes into values. status has an arena. */
PGresult *own_query(struct pg_session *session, const char *text, int count, const char *const *values,
                    struct status *status);
bool own_exec(struct pg_session *session, const char *text, struct status *status);

/* The text with the name of the schema in it, in the arena. NULL: the usual schema. */
const char *own_text(struct arena *arena, const char *schema, const char *text);

/* The same, as a session sends it. */
const char *own_sql(struct arena *arena, const struct pg_session *session, const char *text);

/* The same, appended to SQL that has what others wrote too. NULL: the usual schema. */
void own_put(struct buffer *sql, const char *schema, const char *text);

#endif
