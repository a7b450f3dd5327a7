/*
 * Whose code runs when a table is read or written: expressions in its defaults, checks, generated columns, indexes,
 * statistics, policies and partition keys, its triggers with their conditions, its rules, what a view reads, and what
 * tables have to which its changes cascade. All of it runs with the rights of the session, whoever wrote it. What a
 * function calls inside its body is not examined: its owner answers for that.
 */
#ifndef PG_CODE_H
#define PG_CODE_H

#include "pg/trust.h"

/* SQL to use after FROM and a row `d` of pg_depend: the table `called` with the column `oid`, the functions that may
 * run if this function or operator is used. The planner rewrites operators (NOT, swapped sides), so their negators and
 * commutators are included. */
#define PG_CALLED_BY_D                                                                                                 \
    "LATERAL (WITH RECURSIVE same (oid) AS (SELECT d.refobjid WHERE d.refclassid = "                                   \
    "'pg_catalog.pg_operator'::pg_catalog.regclass UNION SELECT y.oid FROM same JOIN pg_catalog.pg_operator x ON "     \
    "x.oid = same.oid JOIN pg_catalog.pg_operator y ON y.oid IN (x.oprnegate, x.oprcom)) SELECT d.refobjid AS oid "    \
    "WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass UNION ALL SELECT f.oid FROM same JOIN "            \
    "pg_catalog.pg_operator x ON x.oid = same.oid, LATERAL (VALUES (x.oprcode::pg_catalog.oid), "                      \
    "(x.oprrest::pg_catalog.oid), (x.oprjoin::pg_catalog.oid)) f (oid)) called"

/* SQL for a pinned session: the oids of tables with checks, indexes, statistics, policies or a partition key that call
 * functions of an untrusted role (trust.h). A query that reads such a table may run them with its own rights. Constants
 * in an index or a partition key are evaluated already when a query is planned (PostgreSQL,
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

/* SQL that starts PG_CODE_OF with the table itself. rel, excused: SQL for oids. A FROM may follow. */
#define PG_CODE_OF_TABLE(rel, excused)                                                                                 \
    "SELECT " rel " AS rel, " excused                                                                                  \
    " AS excused, 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AS class, " rel                           \
    " AS object, 0::pg_catalog.oid AS via_class, 0::pg_catalog.oid AS via"

/* SQL: is this row of pg_constraint, of a trigger of the table that it refers to, a foreign key that changes rows of
 * its own table when ours change? That fires triggers there: as its owner, but deferred ones, before PostgreSQL 18, as
 * whoever commits. */
#define PG_CASCADES(k)                                                                                                 \
    "(" k ".contype OPERATOR(pg_catalog.=) 'f' AND " k ".confrelid OPERATOR(pg_catalog.=) g.tgrelid AND (" k           \
    ".confdeltype OPERATOR(pg_catalog.=) ANY ('{c,n,d}'::pg_catalog.\"char\"[]) OR " k                                 \
    ".confupdtype OPERATOR(pg_catalog.=) ANY ('{c,n,d}'::pg_catalog.\"char\"[])))"

/* The recursive part of PG_CODE_OF: the tables whose foreign keys refer to a table, what belongs to a part, what the
 * part uses, the operators with which the planner may replace an operator, the casts of a type. */
#define PG_CODE_NEXT                                                                                                   \
    "SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.refclassid OPERATOR(pg_catalog.=) p.class AND "     \
    "d.refobjid OPERATOR(pg_catalog.=) p.object AND (d.deptype OPERATOR(pg_catalog.=) ANY "                            \
    "('{a,i,P,S}'::pg_catalog.\"char\"[]) OR (d.classid OPERATOR(pg_catalog.=) p.class AND p.class "                   \
    "OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass)) UNION ALL "                                   \
    "SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) p.class AND "  \
    "d.objid OPERATOR(pg_catalog.=) p.object AND (d.refclassid OPERATOR(pg_catalog.=) ANY "                            \
    "('{pg_catalog.pg_proc,pg_catalog.pg_operator,pg_catalog.pg_type,pg_catalog.pg_opclass,pg_catalog.pg_opfamily,"    \
    "pg_catalog.pg_foreign_server}'::pg_catalog.regclass[]::pg_catalog.oid[]) OR (d.refclassid "                       \
    "OPERATOR(pg_catalog.=) "                                                                                          \
    "'pg_catalog.pg_class'::pg_catalog.regclass AND p.class OPERATOR(pg_catalog.=) "                                   \
    "'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.deptype OPERATOR(pg_catalog.=) 'a') OR (d.refclassid "      \
    "OPERATOR(pg_catalog.=) "                                                                                          \
    "'pg_catalog.pg_class'::pg_catalog.regclass AND p.class OPERATOR(pg_catalog.=) ANY "                               \
    "('{pg_catalog.pg_rewrite,pg_catalog.pg_policy,pg_catalog.pg_type}'::pg_catalog.regclass[]::pg_catalog.oid[]))) "  \
    "UNION ALL SELECT p.class, x.oid FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_operator x ON x.oid "            \
    "OPERATOR(pg_catalog.=) ANY (ARRAY[o.oprcom, o.oprnegate]) WHERE p.class OPERATOR(pg_catalog.=) "                  \
    "'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid OPERATOR(pg_catalog.=) p.object UNION ALL "               \
    "SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, k.oid FROM pg_catalog.pg_trigger g JOIN " \
    "pg_catalog.pg_constraint k ON k.oid OPERATOR(pg_catalog.=) g.tgconstraint WHERE p.class OPERATOR(pg_catalog.=) "  \
    "'pg_catalog.pg_class'::pg_catalog.regclass AND g.tgrelid OPERATOR(pg_catalog.=) p.object AND " PG_CASCADES(       \
        "k") " UNION ALL "                                                                                             \
             "SELECT 'pg_catalog.pg_cast'::pg_catalog.regclass::pg_catalog.oid, k.oid FROM pg_catalog.pg_cast k "      \
             "WHERE p.class "                                                                                          \
             "OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass AND k.castsource "                      \
             "OPERATOR(pg_catalog.=) "                                                                                 \
             "p.object AND k.casttarget OPERATOR(pg_catalog.<) 16384::pg_catalog.oid"

/* SQL: is this oid of a role that initdb made, but the bootstrap superuser (oid 10)? Whoever is a member of pg_monitor
 * can let it own a function, and pg_shdepend has no row for that: it has none for what is pinned (PostgreSQL,
 * recordSharedDependencyOn). */
#define PG_IS_PREDEFINED(role)                                                                                         \
    "(" role " OPERATOR(pg_catalog.<) 16384::pg_catalog.oid AND " role " OPERATOR(pg_catalog.<>) 10::pg_catalog.oid)"

/* SQL in parentheses, to use after FROM: the parts of a table and what they use, according to pg_depend, each with its
 * owner. `start` selects the columns rel, excused, class, object, via_class and via: an object to start with, its
 * table, and the role whose objects are left out (normally the table's owner, who may do anything to the table anyway).
 * The result has the columns rel; class and object, which `owner` owns; via_class and via, the part of the table that
 * leads there (0: the table); owner. Objects of the bootstrap superuser are left out. An automatic or internal
 * dependency means that something is a part (a default, an index, a partition), any other that it is used; a view that
 * reads the table is neither. Casts are followed only to PostgreSQL's own types: only the owner of a type can create
 * such a cast, while anybody can create one to a type of his own. Operators and types are qualified, because a script's
 * search path may be in force. */
#define PG_CODE_OF(start)                                                                                              \
    "(WITH RECURSIVE part AS (" start " UNION SELECT p.rel, p.excused, "                                               \
    "n.class, n.object, CASE WHEN p.via OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN n.class ELSE p.via_class END, "  \
    "CASE WHEN p.via OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN n.object ELSE p.via END FROM part p, LATERAL "      \
    "(" PG_CODE_NEXT ") AS n (class, object) WHERE p.class OPERATOR(pg_catalog.<>) "                                   \
    "'pg_catalog.pg_proc'::pg_catalog.regclass AND (n.object OPERATOR(pg_catalog.<>) p.rel OR n.class "                \
    "OPERATOR(pg_catalog.<>) 'pg_catalog.pg_class'::pg_catalog.regclass)) SELECT f.rel, f.class, f.object, "           \
    "f.via_class, f.via, w.owner FROM part f, LATERAL (SELECT s.refobjid AS owner FROM pg_catalog.pg_shdepend s "      \
    "WHERE s.dbid "                                                                                                    \
    "OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) "       \
    "pg_catalog.current_database()) AND s.classid OPERATOR(pg_catalog.=) f.class AND s.objid "                         \
    "OPERATOR(pg_catalog.=) f.object AND s.deptype OPERATOR(pg_catalog.=) 'o' UNION ALL SELECT x.proowner FROM "       \
    "pg_catalog.pg_proc x WHERE f.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND x.oid "   \
    "OPERATOR(pg_catalog.=) f.object AND " PG_IS_PREDEFINED("x.proowner") ") w WHERE w.owner "                         \
                                                                          "OPERATOR(pg_catalog.<>) f.excused)"

/* SQL: such a row `f` in words, "the trigger t on a.b with the function c.d()". */
#define PG_CODE_WORDS                                                                                                  \
    "(SELECT pg_catalog.concat('the ', v.type, ' ', v.identity, CASE WHEN f.via OPERATOR(pg_catalog.<>) "              \
    "0::pg_catalog.oid AND (f.via OPERATOR(pg_catalog.<>) f.object OR f.via_class OPERATOR(pg_catalog.<>) f.class) "   \
    "THEN pg_catalog.concat(' with the ', i.type, ' ', i.identity) END) FROM pg_catalog.pg_identify_object(f.class, "  \
    "f.object, 0) i, LATERAL pg_catalog.pg_identify_object(CASE WHEN f.via OPERATOR(pg_catalog.=) 0::pg_catalog.oid "  \
    "THEN f.class ELSE f.via_class END, CASE WHEN f.via OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN f.object ELSE "  \
    "f.via END, 0) v)"

#endif
