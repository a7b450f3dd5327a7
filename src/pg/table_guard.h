/*
 * Checks a table again under the lock of the transaction that writes to it: it may have changed since it was examined.
 */
#ifndef PG_TABLE_GUARD_H
#define PG_TABLE_GUARD_H

#include "base/status.h"
#include "base/text.h"

struct pg_session;

/* What to check. */
struct table_guard {
    const char *name;   /* the quoted name with its schema */
    const char *words;  /* begins the messages: "The tracking table x.y" */
    bool only_lock;     /* lock it without a check: the session may not use DO blocks */
    bool is_plain;      /* it had no trigger, rule or policy at all: then it must have none now */
    bool in_block;      /* the SQL is inside a PL/pgSQL block */
    bool is_vouched;    /* the operator has named the table, and so answers for its code */
    bool is_own;        /* one of our own tables: its owner must be trusted, too */
    const char *beside; /* another table (quoted name) that this one accompanies: it must exist, and this one must
                           belong to its owner or to a trusted role; NULL: none */
};

/* Appends statements for a transaction that is about to change rows of the table: they take the lock that the change
 * needs anyway (ROW EXCLUSIVE, which conflicts with CREATE TRIGGER, RULE and POLICY) and check the table under it. They
 * raise 42501 if a table that now has triggers, rules or policies would run code of an untrusted role (code.h), before
 * any of it runs; and 55000 if a plain table is no longer plain. All other code can only be added by the table's owner;
 * it is examined when the table is found. If only the lock is taken, it must be a table or a view. A DO block costs the
 * server a quarter of a small migration, so for a plain table it is only a query that fails if the table is not plain
 * any more; pg_guard_explain then says why. */
void pg_put_guard(struct buffer *sql, const struct table_guard *guard);

/* The same for one of our own tables ("{truss}.name"; schema: see own_text). only_lock: with the query of own_write.h
 * in place of the block. */
void pg_put_own_guard(struct buffer *sql, const char *schema, const char *table, bool only_lock);

/* Did the transaction fail because of that query? */
bool pg_guard_failed(const struct status *status);

/* That query for a plain table, prepared as `as` (a quoted name), which spares the server the planning of it in each
 * transaction. It also fails, with pg_unquiet_failed, if something was there that runs at a quiet script
 * (sql/quiet.h). */
void pg_put_guard_prepare(struct buffer *sql, const struct table_guard *guard, const char *as);

/* Appends the lock and that query. */
void pg_put_guard_execute(struct buffer *sql, const struct table_guard *guard, const char *as);

/* Did the transaction fail because something may have run at a quiet script? */
bool pg_unquiet_failed(const struct status *status);

/* In that case, after the rollback: fills the status with what the block would have raised. */
void pg_guard_explain(struct pg_session *session, const struct table_guard *guard, struct status *status);

/* Appends only the lock, for the beginning of a transaction whose snapshot must be newer than the lock. */
void pg_put_guard_lock(struct buffer *sql, const char *name);

#endif
