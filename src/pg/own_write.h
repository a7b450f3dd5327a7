/*
 * Writing to our own tables. That they belong to roles that we trust is examined before they are used
 * (pg/own_tables.h), but somebody with the right TRIGGER may give them code in between, and sessions that live for long
 * examine them once. So every statement that writes goes through here: the table is examined again, under the lock of
 * the transaction that writes, and before anything of it runs.
 */
#ifndef PG_OWN_WRITE_H
#define PG_OWN_WRITE_H

#include "base/status.h"
#include "base/text.h"
#include "pg/exec.h"
#include "pg/search.h"

#include <stdbool.h>

struct own_statement {
    const char *table;  /* "{truss}.name": what it writes to */
    const char *beside; /* another one, to which it writes too, or deletes in by a foreign key; NULL: none */
    const char *sql;    /* one or more statements, without a semicolon at the end */
    int count;
    const char *const *values; /* $1…; sent as literals, so that all is one message; NULL is NULL */
    bool is_complete;          /* the SQL contains foreign text already: it is sent as it is. Words that the database's
                                  encoding lacks are written in ASCII (own_query_words) */
};

/* As own_query. Outside a transaction it makes its own, at READ COMMITTED. A transaction that is open must be at READ
 * COMMITTED, too: its later statements must see what was committed before the lock; after a failure it is to be rolled
 * back, or is already. PERMISSION_DENIED if an untrusted role's code would run, or the table belongs to one. */
PGresult *own_write(struct pg_session *session, const struct own_statement *statement, struct status *status);

/* Begins a transaction for this. Behind a pooler the session is not pinned. */
#define OWN_BEGIN "BEGIN ISOLATION LEVEL READ COMMITTED;SET LOCAL search_path TO " PG_OUR_PATH ";"

/* Appends the lock and the look for a table, and for another one (NULL: none); schema: see own_text. is_thorough: also
 * what a trigger's condition uses, which takes the server longer to plan; else a trigger with a condition is a reason
 * to fail. */
void own_put_guard(struct buffer *sql, const char *schema, const char *table, const char *beside, bool is_thorough);

#endif
