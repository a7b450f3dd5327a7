/*
 * Whose objects may be used. The owner of a table decides what runs when it is read or written (triggers, rules,
 * policies, defaults, a view's functions), with the rights of the session that does it.
 */
#ifndef PG_TRUST_H
#define PG_TRUST_H

/* SQL: true for a role of pg_catalog.pg_roles that may do everything that this session may, or that was granted to the
 * session's role: a superuser, the role itself, the database's owner, a role that it is a member of. Membership does
 * not count for a superuser, who is a member of every role. */
#define PG_IS_TRUSTED(role)                                                                                            \
    "(" role ".rolsuper OR " role ".rolname OPERATOR(pg_catalog.=) current_user OR " role                              \
    ".oid OPERATOR(pg_catalog.=) (SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname "                      \
    "OPERATOR(pg_catalog.=) pg_catalog.current_database()) "                                                           \
    "OR " role ".rolname OPERATOR(pg_catalog.=) 'pg_database_owner' "                                                  \
    "OR (NOT (SELECT me.rolsuper FROM pg_catalog.pg_roles me WHERE me.rolname OPERATOR(pg_catalog.=) current_user) "   \
    "AND pg_catalog.pg_has_role(current_user, " role ".oid, 'MEMBER')))"

#endif
