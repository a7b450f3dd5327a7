/*
 * A look at a table under the lock of the transaction that writes to it: what was looked at before may have changed.
 */
#ifndef PG_TABLE_GUARD_H
#define PG_TABLE_GUARD_H

#include "base/status.h"
#include "base/text.h"

struct pg_session;

/* What a table must not have got since it was looked at. */
struct table_guard {
    const char *name;   /* as SQL names it, with its schema, quoted */
    const char *words;  /* "The tracking table x.y", as a message begins */
    bool only_lock;     /* nothing can look: the session may not use the language of DO blocks */
    bool is_plain;      /* it was seen to have no trigger, rule or policy at all: then it must have none now */
    bool in_block;      /* it stands in a block of PL/pgSQL */
    bool is_vouched;    /* the operator has named it: whose code it runs is his word */
    const char *beside; /* NULL; else the table, as SQL names it, that this one stands beside: it must be there, and
                           belongs to that one's owner or to a role that is trusted */
};

/* Appends statements for a transaction that is about to change rows of the table: they take the lock that the change
 * takes anyway (ROW EXCLUSIVE, with which CREATE TRIGGER, RULE and POLICY conflict), and look under it. Raises 42501
 * where a table that has triggers, rules or policies now would run code of a role that is not trusted (code.h): nothing
 * of it has run then; 55000 where a plain table is no longer plain. Everything else that runs code is for the table's
 * owner alone to make: it is looked at when the table is found. What is only locked must be a table or a view.
 * A block costs the server a quarter of a small migration: of a plain table is only asked whether it is one still, by a
 * query that fails where it is not, and pg_guard_explain says why. */
void pg_put_guard(struct buffer *sql, const struct table_guard *guard);

/* Did a transaction fail by that query? */
bool pg_guard_failed(const struct status *status);

/* Then, when it was rolled back: what the block would have raised becomes the status. */
void pg_guard_explain(struct pg_session *session, const struct table_guard *guard, struct status *status);

/* Only the lock, for the beginning of a transaction whose snapshot is to be younger than it. */
void pg_put_guard_lock(struct buffer *sql, const char *name);

#endif
