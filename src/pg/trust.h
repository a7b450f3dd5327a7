/*
 * Whose objects may be used. Who owns a table decides what runs when it is read or written (triggers, rules, policies,
 * defaults, a view's functions), with the rights of the session that does it.
 */
#ifndef PG_TRUST_H
#define PG_TRUST_H

#include "base/status.h"
#include "base/text.h"

struct pg_session;

/* SQL: true for a role of pg_catalog.pg_roles that could do all that this session can, or that the session's role was
 * given: a superuser, the role itself, the database's owner, one that it is a member of. A superuser is a member of
 * every role by its nature, which says nothing. */
#define PG_IS_TRUSTED(role)                                                                                            \
    "(" role ".rolsuper OR " role ".rolname OPERATOR(pg_catalog.=) current_user OR " role                              \
    ".oid OPERATOR(pg_catalog.=) (SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname "                      \
    "OPERATOR(pg_catalog.=) pg_catalog.current_database()) "                                                           \
    "OR " role ".rolname OPERATOR(pg_catalog.=) 'pg_database_owner' "                                                  \
    "OR (NOT (SELECT me.rolsuper FROM pg_catalog.pg_roles me WHERE me.rolname OPERATOR(pg_catalog.=) current_user) "   \
    "AND pg_catalog.pg_has_role(current_user, " role ".oid, 'MEMBER')))"

/* What a table must not have got since it was looked at. */
struct table_guard {
    const char *name;  /* as SQL names it, with its schema, quoted */
    const char *words; /* "The tracking table x.y", as a message begins */
    bool only_lock;    /* nothing can look: the session may not use the language of DO blocks */
    bool is_plain;     /* it was seen to have no trigger, rule or policy at all: then it must have none now */
    bool in_block;     /* it stands in a block of PL/pgSQL */
};

/* Appends statements for a transaction that is about to change rows of the table: they take the lock that the change
 * takes anyway (ROW EXCLUSIVE, with which CREATE TRIGGER, RULE and POLICY conflict), and look under it. Raises 42501
 * where a trigger's function belongs to a role that is not trusted: nothing of it has run then; 55000 where a plain
 * table is no longer plain. What is only locked must be a table or a view.
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
