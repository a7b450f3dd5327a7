/*
 * Whose objects may be used. Who owns a table decides what runs when it is read or written (triggers, rules, policies,
 * defaults, a view's functions), with the rights of the session that does it.
 */
#ifndef PG_TRUST_H
#define PG_TRUST_H

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

#endif
