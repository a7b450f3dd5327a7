/*
 * Whose code runs when a dump is restored: checks of tables and domains, generated columns, the keys of partitions and
 * casts are computed by whoever restores, with his rights, and what is constant in them is computed already when a
 * table is made or attached (PostgreSQL, expression_planner). So a role that may make a table could have a function of
 * its own run as who restores a backup. Indexes, statistics and views run as the owner of their table or materialized
 * view, but for constants, which any query over the table computes.
 */
#ifndef PG_LOADING_H
#define PG_LOADING_H

#include "base/status.h"

#include "pg/trust.h"

struct pg_session;

/* SQL behind FROM and a row `d` of pg_depend: `called`, with `oid`, the functions that may run where this function or
 * operator is used. The planner turns operators around (NOT, swapped sides): their negators and commutators count. */
#define PG_CALLED_BY_D                                                                                                 \
    "LATERAL (WITH RECURSIVE same (oid) AS (SELECT d.refobjid WHERE d.refclassid = "                                   \
    "'pg_catalog.pg_operator'::pg_catalog.regclass UNION SELECT y.oid FROM same JOIN pg_catalog.pg_operator x ON "     \
    "x.oid = same.oid JOIN pg_catalog.pg_operator y ON y.oid IN (x.oprnegate, x.oprcom)) SELECT d.refobjid AS oid "    \
    "WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass UNION ALL SELECT f.oid FROM same JOIN "            \
    "pg_catalog.pg_operator x ON x.oid = same.oid, LATERAL (VALUES (x.oprcode::pg_catalog.oid), "                      \
    "(x.oprrest::pg_catalog.oid), (x.oprjoin::pg_catalog.oid)) f (oid)) called"

/* SQL of a pinned session, the oids of tables that have checks, indexes, statistics, policies or a partition key which
 * call what belongs to a role that is not trusted (trust.h): a query that reads such a table may run it with the rights
 * of who asks. What is constant in an index or a partition key is computed when a query is planned (PostgreSQL,
 * RelationGetIndexExpressions, RelationBuildPartitionKey). */
#define PG_UNREADABLE_TABLES                                                                                           \
    "SELECT t.oid FROM pg_catalog.pg_depend d JOIN (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, "      \
    "i.indexrelid AS part, i.indrelid AS oid FROM pg_catalog.pg_index i UNION ALL SELECT "                             \
    "'pg_catalog.pg_class'::pg_catalog.regclass, e.partrelid, e.partrelid FROM pg_catalog.pg_partitioned_table e "     \
    "UNION ALL SELECT "                                                                                                \
    "'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conrelid FROM pg_catalog.pg_constraint k UNION ALL "    \
    "SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, s.stxrelid FROM pg_catalog.pg_statistic_ext s " \
    "UNION ALL SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, o.oid, o.polrelid FROM pg_catalog.pg_policy o) t "  \
    "ON d.classid = t.class AND d.objid = t.part, " PG_CALLED_BY_D " JOIN pg_catalog.pg_proc p ON p.oid = called.oid " \
    "JOIN pg_catalog.pg_roles r ON r.oid = p.proowner WHERE d.refclassid IN "                                          \
    "('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass) AND "                  \
    "NOT " PG_IS_TRUSTED("r")

/* A query without parameters, for this pinned session (in the arena): of each role that owns such code, `owner` (its
 * name), `runs_as` (the role it runs as where owners are restored; NULL: who restores), and `example` ("the check c of
 * a.t calls a.f(integer)"). Code of an owner of a table is also what PostgreSQL or an extension has that does more than
 * compute: query_to_xml, set_config, dblink. */
const char *pg_loading_query(struct arena *arena, const struct pg_session *session);

/* SQL: true for a row `l` of that query, where `r` and `a` are the roles (LEFT JOIN pg_roles) of owner and runs_as, and
 * `owner` is SQL for the name of the owner of the database that was dumped: it runs with rights of somebody who is
 * trusted, and belongs to nobody who is. */
#define PG_IS_FOREIGN_CODE(owner)                                                                                      \
    "(l.owner <> " owner " AND NOT (r.oid IS NOT NULL AND " PG_IS_TRUSTED(                                             \
        "r") ") AND (l.runs_as IS NULL OR (l.runs_as <> l.owner AND (l.runs_as = " owner                               \
             " OR a.oid IS NULL OR " PG_IS_TRUSTED("a") "))))"

/* Is nobody's code in the database of this pinned session that is neither trusted (trust.h) nor of the role `owner`,
 * whose the database is that was dumped? Else FAILED_PRECONDITION, FOREIGN_CODE: nothing was restored; what: "The
 * branch was not made". */
bool pg_loading_is_trusted(struct pg_session *session, const char *owner, const char *what, struct status *status);

/* That status, for a list of "the check c of a.t calls a.f(integer) of somebody". */
bool pg_loading_fail(const char *examples, const char *what, struct status *status);

#endif
