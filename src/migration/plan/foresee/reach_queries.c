/*
 * The queries follow PostgreSQL's code: dependency.c for what a DROP drops along, tablecmds.c for the rest;
 * tests/service/test_plan_locks.py compares them with pg_locks.
 */
#include "migration/plan/foresee/reach_queries.h"

#include "pg/search.h"

/* Leaves out system relations, and kinds that nobody reads or writes. */
#define TOLD_OF(kinds)                                                                                                 \
    "SELECT r.oid, pg_catalog.max(r.lock), pg_catalog.bool_or(r.goes), " PG_SCRIPT_NAME(                               \
        "r.oid") ", coalesce(pg_catalog.max(c.relkind::text), ''), coalesce(pg_catalog.bool_or(c.relkind IN (" kinds   \
                 ")), false) FROM ("
#define TOLD TOLD_OF("'r', 'p', 'v', 'm', 'f', 'S'")
#define END                                                                                                            \
    ") AS r(oid, lock, goes) LEFT JOIN pg_catalog.pg_class c ON c.oid = r.oid LEFT JOIN pg_catalog.pg_namespace n "    \
    "ON n.oid = c.relnamespace WHERE r.oid = 0 OR (c.oid IS NOT NULL AND n.nspname NOT LIKE 'pg\\_%') "                \
    "GROUP BY r.oid ORDER BY 4"

/* $1 the relation's oid, or 0; $2 the object's type; $3 its schema or NULL; $4 its name; $5 the part's name or NULL; $6
 * the lock. */
#define DOWN                                                                                                           \
    "down(oid) AS (SELECT $1::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN down "                    \
    "ON i.inhparent = down.oid)"

/* The part in the relation and its descendants; any part if none has that name (the plan has renamed it). */
#define COLUMNS                                                                                                        \
    "columns(relation, number) AS (SELECT a.attrelid, a.attnum FROM pg_catalog.pg_attribute a JOIN down "              \
    "ON a.attrelid = down.oid WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attname = $5::name OR $5 IS NULL "      \
    "OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute o WHERE o.attrelid = $1::oid AND o.attname = $5::name)))"

static const char children_sql[] =
    TOLD "WITH RECURSIVE " DOWN " SELECT oid, $6::int, false FROM down WHERE oid <> $1::oid "
         "AND coalesce($3, $4, '') IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE $2 = "
         "'constraint' AND k.conrelid = $1::oid AND k.conname = $5::name AND k.contype NOT IN ('c', 'n'))" END;

/* Constraints and foreign keys with the column, both tables of these; an identity's sequence. */
static const char retype_sql[] =
    TOLD "WITH RECURSIVE " DOWN ", " COLUMNS " SELECT x.oid, x.lock, false FROM ("
         "SELECT pg_catalog.unnest(ARRAY[k.conrelid, k.confrelid]) AS oid, $6::int AS lock FROM "
         "pg_catalog.pg_constraint k JOIN columns c "
         "ON (k.conrelid = c.relation AND c.number = ANY (k.conkey)) OR (k.confrelid = c.relation AND c.number = ANY "
         "(k.confkey)) WHERE k.contype = 'f' "
         "UNION SELECT d.objid, 6 FROM pg_catalog.pg_depend d JOIN columns c ON d.refobjid = c.relation "
         "AND d.refobjsubid = c.number WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
         "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'i') x "
         "WHERE $2 || coalesce($3, $4, '') IS NOT NULL" END;

static const char keys_sql[] =
    TOLD "SELECT pg_catalog.unnest(ARRAY[k.conrelid, k.confrelid]), $6::int, false FROM pg_catalog.pg_constraint k "
         "WHERE k.conrelid = $1::oid AND k.contype = 'f' AND k.conname = $5::name AND $2 || coalesce($3, $4, '') IS "
         "NOT NULL" END;

static const char sequences_sql[] = TOLD
    "WITH RECURSIVE " DOWN ", " COLUMNS " SELECT d.objid, $6::int, false FROM pg_catalog.pg_depend d JOIN columns c "
    "ON d.refobjid = c.relation AND d.refobjsubid = c.number JOIN pg_catalog.pg_class s ON s.oid = d.objid "
    "AND s.relkind = 'S' WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') "
    "AND $2 || coalesce($3, $4, '') IS NOT NULL" END;

/* The DEFAULT partition gets ACCESS EXCLUSIVE; the given lock is for the other tables of foreign keys. The bounds of
 * what the parent itself is a partition of are read. */
static const char beside_sql[] =
    TOLD "WITH RECURSIVE " DOWN ", defaults(oid) AS (SELECT p.partdefid FROM pg_catalog.pg_partitioned_table p "
         "WHERE p.partrelid = $1::oid AND p.partdefid <> 0 UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i "
         "JOIN defaults ON i.inhparent = defaults.oid), up(oid) AS (SELECT i.inhparent FROM pg_catalog.pg_inherits i "
         "WHERE i.inhrelid = $1::oid UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN up "
         "ON i.inhrelid = up.oid) "
         "SELECT oid, 8, false FROM defaults UNION ALL SELECT oid, 1, false FROM up UNION ALL "
         "SELECT CASE WHEN k.conrelid = $1::oid THEN k.confrelid ELSE k.conrelid END, CASE WHEN k.confrelid = $1::oid "
         "AND $5 = 'detached' THEN 8 WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class a ON "
         "a.oid = o.conrelid WHERE $5 = 'attached ' || a.relname AND o.contype = 'f' AND o.confrelid = k.confrelid) "
         "THEN 8 ELSE $6::int END, false FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' "
         "AND (k.conrelid = $1::oid OR k.confrelid = $1::oid) AND $2 || coalesce($3, $4, '') IS NOT NULL" END;

static const char truncate_sql[] = TOLD
    "WITH RECURSIVE emptied(oid, is_down) AS (SELECT $1::oid, true UNION SELECT x.oid, x.is_down FROM emptied e CROSS "
    "JOIN LATERAL (SELECT i.inhrelid AS oid, true AS is_down FROM pg_catalog.pg_inherits i WHERE i.inhparent = e.oid "
    "AND e.is_down UNION ALL SELECT k.conrelid, false FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND "
    "k.confrelid = e.oid AND $7::bool) x) SELECT oid, $6::int, false FROM emptied WHERE $2 || coalesce($3, $4, $5, '') "
    "IS NOT NULL" END;

/* The tables that views read, at any depth. A materialized view among them has rows of its own. */
static const char bases_sql[] = TOLD
    "WITH RECURSIVE bases(oid) AS (SELECT $1::oid UNION SELECT x.oid FROM bases b CROSS JOIN LATERAL ("
    "SELECT d.refobjid AS oid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d "
    "ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid "
    "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass WHERE r.ev_class = b.oid "
    "AND (b.oid = $1::oid OR NOT EXISTS (SELECT FROM pg_catalog.pg_class m WHERE m.oid = b.oid AND m.relkind = 'm')) "
    "UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = b.oid) x) "
    "SELECT oid, $6::int, false FROM bases WHERE oid <> $1::oid AND $2 || coalesce($3, $4, $5, '') IS NOT NULL" END;

#define TYPES                                                                                                          \
    "SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "                 \
    "WHERE t.typname = $4::name AND ($3::text IS NULL OR n.nspname = $3::name)"

/* Columns of the type, of domains over it, arrays and ranges of it, and composites with it. A row of 0 means that the
 * type exists. */
static const char type_users_sql[] = TOLD
    "WITH RECURSIVE types(oid) AS (" TYPES " UNION SELECT x.oid FROM types y CROSS JOIN LATERAL ("
    "SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype = y.oid OR t.typelem = y.oid UNION ALL "
    "SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = y.oid UNION ALL "
    "SELECT c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "WHERE a.atttypid = y.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'c') x) "
    "SELECT DISTINCT a.attrelid, $6::int, false FROM pg_catalog.pg_attribute a JOIN types ON types.oid = a.atttypid "
    "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm') WHERE NOT a.attisdropped "
    "UNION ALL SELECT 0, 0, false FROM types WHERE $2 || coalesce($5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

static const char typed_sql[] =
    TOLD "SELECT c.oid, $6::int, false FROM pg_catalog.pg_class c WHERE c.reloftype IN (" TYPES ") UNION ALL "
         "SELECT 0, 0, false FROM (" TYPES ") t WHERE $2 || coalesce($5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

static const char index_table_sql[] =
    TOLD "WITH RECURSIVE " DOWN " SELECT i.indrelid, $6::int, false FROM down JOIN pg_catalog.pg_index i "
         "ON i.indexrelid = down.oid WHERE $2 || coalesce($3, $4, $5, '') IS NOT NULL" END;

#define OTHERS "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"

static const char every_table_sql[] = TOLD
    "SELECT c.oid, $6::int, false FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'm') AND ($4::text IS NULL OR n.nspname = $4::name) AND " OTHERS
    " AND $2 || coalesce($3, $5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

/* Of the relation and its partitions, or of every table of a schema or the database. The planner opens all indexes of a
 * table that a query reads: locking one against reads blocks the table's readers. */
static const char indexes_sql[] = TOLD_OF(
    "'i', 'I'") "WITH RECURSIVE " DOWN " SELECT i.indexrelid, $6::int, false FROM pg_catalog.pg_index i JOIN "
                "pg_catalog.pg_class c ON c.oid = i.indrelid "
                "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE CASE WHEN $2 = 'relation' "
                "THEN c.oid IN (SELECT oid FROM down) ELSE ($4::text IS NULL OR n.nspname = $4::name) AND " OTHERS
                " END AND coalesce($3, $5, '') IS NOT NULL" END;

static const char clustered_sql[] =
    TOLD "SELECT i.indrelid, $6::int, false FROM pg_catalog.pg_index i WHERE i.indisclustered "
         "AND $2 || coalesce($3, $4, $5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

static const char of_role_sql[] = TOLD
    "SELECT c.oid, $6::int, false FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND c.relowner = (SELECT r.oid FROM pg_catalog.pg_roles r "
    "WHERE r.rolname = coalesce($4::name, current_user)) AND " OTHERS
    " AND $2 || coalesce($3, $5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

/* The other table is locked, its partitions are read. */
static const char referenced_sql[] =
    TOLD "WITH RECURSIVE " DOWN ", keys(oid) AS (SELECT k.confrelid FROM pg_catalog.pg_constraint k JOIN down "
         "ON k.conrelid = down.oid WHERE k.contype = 'f' AND NOT k.convalidated AND k.conname = $5::name), "
         "read(oid) AS (SELECT oid FROM keys UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN read "
         "ON i.inhparent = read.oid) SELECT oid, CASE WHEN oid IN (SELECT oid FROM keys) THEN $6::int ELSE 1 END, "
         "false FROM read WHERE $2 || coalesce($3, $4, '') IS NOT NULL" END;

static const char published_sql[] =
    TOLD "SELECT r.prrelid, $6::int, false FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r "
         "ON r.prpubid = p.oid WHERE p.pubname = $4::name AND $2 || coalesce($3, $5, '') IS NOT NULL "
         "AND $1::oid IS NOT NULL" END;

/* ---- what is dropped with an object ---- */

/* Parts of a relation; if the plan has renamed a constraint, every foreign key. */
#define PARTS                                                                                                          \
    "SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid AS classid, $1::oid AS objid, 0 AS objsubid WHERE $2 = "   \
    "'relation' "                                                                                                      \
    "UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, c.relation, c.number FROM columns c WHERE $2 "  \
    "= 'column' "                                                                                                      \
    "UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, k.oid, 0 FROM pg_catalog.pg_constraint "   \
    "k JOIN down ON k.conrelid = down.oid WHERE $2 = 'constraint' AND (k.conname = $5::name OR (k.contype = 'f' AND "  \
    "NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conrelid = $1::oid AND o.conname = $5::name))) "       \
    "UNION ALL SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass::oid, t.oid, 0 FROM pg_catalog.pg_trigger t "       \
    "WHERE $2 = 'trigger' AND t.tgrelid = $1::oid AND t.tgname = $5::name "                                            \
    "UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid, r.oid, 0 FROM pg_catalog.pg_rewrite r "       \
    "WHERE $2 = 'rule' AND r.ev_class = $1::oid AND r.rulename = $5::name "                                            \
    "UNION ALL SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass::oid, y.oid, 0 FROM pg_catalog.pg_policy y WHERE "   \
    "$2 = 'policy' AND y.polrelid = $1::oid AND y.polname = $5::name "

/* In any schema if unqualified; for functions and operators all of that name. */
#define IN_SCHEMA(type, class, prefix)                                                                                 \
    "UNION ALL SELECT 'pg_catalog." #class "'::pg_catalog.regclass::oid, o.oid, 0 "                                    \
                                           "FROM pg_catalog." #class " o JOIN pg_catalog.pg_namespace n ON n.oid = "   \
                                                                     "o." #prefix "namespace "                         \
                                                                     "WHERE $2 = '" type "' AND o." #prefix            \
                                                                     "name = $4::name AND ($3::text IS NULL OR "       \
                                                                     "n.nspname = $3::name) "
#define BY_NAME(type, class, prefix)                                                                                   \
    "UNION ALL SELECT 'pg_catalog." #class "'::pg_catalog.regclass::oid, o.oid, 0 "                                    \
                                           "FROM pg_catalog." #class " o WHERE $2 = '" type "' AND o." #prefix         \
                                                                     "name = $4::name "

#define OBJECTS                                                                                                        \
    IN_SCHEMA("type", pg_type, typ)                                                                                    \
    IN_SCHEMA("function", pg_proc, pro)                                                                                \
    IN_SCHEMA("operator", pg_operator, opr)                                                                            \
    IN_SCHEMA("operator class", pg_opclass, opc)                                                                       \
    IN_SCHEMA("operator family", pg_opfamily, opf)                                                                     \
    IN_SCHEMA("collation", pg_collation, coll)                                                                         \
    IN_SCHEMA("statistics", pg_statistic_ext, stx)                                                                     \
    IN_SCHEMA("text search configuration", pg_ts_config, cfg)                                                          \
    IN_SCHEMA("text search dictionary", pg_ts_dict, dict)                                                              \
    BY_NAME("schema", pg_namespace, nsp)                                                                               \
    BY_NAME("extension", pg_extension, ext)                                                                            \
    BY_NAME("language", pg_language, lan)                                                                              \
    BY_NAME("access method", pg_am, am)                                                                                \
    BY_NAME("foreign-data wrapper", pg_foreign_data_wrapper, fdw)                                                      \
    BY_NAME("server", pg_foreign_server, srv)

/* Everything that depends on what is dropped, and for an internal part its owner: a view's rule drops the view. */
#define GONE                                                                                                           \
    "gone(classid, objid, objsubid) AS (SELECT classid, objid, objsubid::int FROM roots UNION SELECT x.classid, "      \
    "x.objid, x.objsubid FROM gone g CROSS JOIN LATERAL (SELECT d.classid, d.objid, d.objsubid "                       \
    "FROM pg_catalog.pg_depend d WHERE d.refclassid = g.classid AND d.refobjid = g.objid "                             \
    "AND (g.objsubid = 0 OR d.refobjsubid = g.objsubid) AND (d.deptype <> 'n' OR $7::bool) UNION ALL "                 \
    "SELECT u.refclassid, u.refobjid, u.refobjsubid FROM pg_catalog.pg_depend u WHERE u.classid = g.classid "          \
    "AND u.objid = g.objid AND u.deptype = 'i' AND $7::bool) x)"

/* The relations of which parts are dropped. */
#define PART_OF(class, column, lock)                                                                                   \
    "UNION ALL SELECT o." #column ", " lock                                                                            \
    ", false FROM gone g JOIN pg_catalog." #class " o ON o.oid = g.objid "                                             \
                                                  "WHERE g.classid = 'pg_catalog." #class "'::pg_catalog.regclass::"   \
                                                                                          "oid "
#define PARTS_GONE                                                                                                     \
    PART_OF(pg_constraint, conrelid, "$6::int")                                                                        \
    PART_OF(pg_constraint, confrelid, "$6::int")                                                                       \
    PART_OF(pg_trigger, tgrelid, "$6::int")                                                                            \
    PART_OF(pg_rewrite, ev_class, "$6::int")                                                                           \
    PART_OF(pg_attrdef, adrelid, "$6::int")                                                                            \
    PART_OF(pg_policy, polrelid, "$6::int")                                                                            \
    PART_OF(pg_statistic_ext, stxrelid, "4")

static const char drop_sql[] = TOLD
    "WITH RECURSIVE " DOWN ", " COLUMNS ", roots AS (" PARTS OBJECTS "), " GONE ", relations(oid, whole) AS (SELECT "
    "objid, objsubid = 0 FROM gone WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid) "
    "SELECT oid, $6::int, whole FROM relations "
    "UNION ALL SELECT i.indrelid, $6::int, false FROM relations JOIN pg_catalog.pg_index i ON i.indexrelid = oid "
    "UNION ALL SELECT i.inhparent, $6::int, false FROM relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid "
    "JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid WHERE c.relispartition AND r.whole "
    "UNION ALL SELECT p.partdefid, $6::int, false FROM relations r JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid "
    "JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = i.inhparent WHERE r.whole AND p.partdefid <> 0 " PARTS_GONE
    "UNION ALL SELECT 0, 0, false FROM roots" END;

static const struct reach_query queries[] = {
    [SQL_REACH_CHILDREN] = {children_sql},
    [SQL_REACH_PARTITIONS] = {children_sql},
    [SQL_REACH_DROP] = {drop_sql, .has_cascade = true},
    [SQL_REACH_CASCADE] = {drop_sql, .has_cascade = true, .cascades = true, .says_found = true},
    [SQL_REACH_KEYS] = {keys_sql},
    [SQL_REACH_RETYPE] = {retype_sql},
    [SQL_REACH_TRUNCATE] = {truncate_sql, .has_cascade = true},
    [SQL_REACH_TRUNCATE_CASCADE] = {truncate_sql, .has_cascade = true, .cascades = true},
    [SQL_REACH_BESIDE_PARTITION] = {beside_sql},
    [SQL_REACH_BASES] = {bases_sql},
    [SQL_REACH_TYPE_USERS] = {type_users_sql, .says_found = true},
    [SQL_REACH_TYPED_TABLES] = {typed_sql, .says_found = true},
    [SQL_REACH_INDEX_TABLE] = {index_table_sql},
    [SQL_REACH_SEQUENCES] = {sequences_sql},
    [SQL_REACH_EVERY_TABLE] = {.sql = every_table_sql},
    [SQL_REACH_INDEXES] = {.sql = indexes_sql},
    [SQL_REACH_CLUSTERED] = {.sql = clustered_sql},
    [SQL_REACH_OF_ROLE] = {.sql = of_role_sql},
    [SQL_REACH_REFERENCED] = {.sql = referenced_sql},
    [SQL_REACH_PUBLISHED] = {.sql = published_sql},
};

const struct reach_query *reach_query(enum sql_reach_kind kind)
{
    return &queries[kind];
}
