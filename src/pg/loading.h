/*
 * Whose code runs when the rows of a dump are loaded: checks of tables and domains, generated columns, the keys of
 * partitions and implicit casts are computed by whoever loads, with his rights. So a role that may make a table could
 * have a function of its own run as who restores a backup. Indexes, statistics and materialized views run as the owner
 * of their table, who is another one only where owners are not restored.
 */
#ifndef PG_LOADING_H
#define PG_LOADING_H

#include "base/status.h"

#include "pg/trust.h"

struct pg_session;

/* SQL of a pinned session, the oids of tables that have checks, indexes, statistics or policies which call what belongs
 * to a role that is not trusted (trust.h): a query that reads such a table may run it with the rights of who asks.
 * What is constant in an index is computed when a query is planned (PostgreSQL, RelationGetIndexExpressions). */
#define PG_UNREADABLE_TABLES                                                                                           \
    "SELECT t.oid FROM pg_catalog.pg_depend d JOIN (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, "      \
    "i.indexrelid AS part, i.indrelid AS oid FROM pg_catalog.pg_index i UNION ALL SELECT "                             \
    "'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conrelid FROM pg_catalog.pg_constraint k UNION ALL "    \
    "SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, s.stxrelid FROM pg_catalog.pg_statistic_ext s " \
    "UNION ALL SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, o.oid, o.polrelid FROM pg_catalog.pg_policy o) t "  \
    "ON d.classid = t.class AND d.objid = t.part LEFT JOIN pg_catalog.pg_operator x ON d.refclassid = "                \
    "'pg_catalog.pg_operator'::pg_catalog.regclass AND x.oid = d.refobjid JOIN pg_catalog.pg_proc p ON p.oid = "       \
    "CASE d.refclassid WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN d.refobjid ELSE "                           \
    "x.oprcode::pg_catalog.oid END JOIN pg_catalog.pg_roles r ON r.oid = p.proowner WHERE NOT " PG_IS_TRUSTED("r")

/* A query without parameters, for a pinned session: of each role that owns such code, `owner` (its name), `as_owner`
 * (it runs as the table's owner), and `example` ("the check c of a.t calls a.f(integer)"). */
extern const char pg_loading_sql[];

/* Is nobody's code in the database of this pinned session that is neither trusted (trust.h) nor of the role `owner`,
 * whose the database is that was dumped? Else FAILED_PRECONDITION, FOREIGN_CODE: nothing was loaded; what: "The branch
 * was not made". */
bool pg_loading_is_trusted(struct pg_session *session, const char *owner, const char *what, struct status *status);

/* That status, for a list of "the check c of a.t calls a.f(integer) of somebody". */
bool pg_loading_fail(const char *examples, const char *what, struct status *status);

#endif
