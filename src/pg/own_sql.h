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

/* Returns the text with the schema's name filled in, in the arena. schema NULL: the default. */
const char *own_text(struct arena *arena, const char *schema, const char *text);

/* The same for the schema of a session. */
const char *own_sql(struct arena *arena, const struct pg_session *session, const char *text);

/* The same, appended to SQL that also contains foreign text. schema NULL: the default. */
void own_put(struct buffer *sql, const char *schema, const char *text);

#endif
