/*
 * After PostgreSQL's tablecmds.c, parse_utilcmd.c, cluster.c and typecmds.c; measured on 13 to 18.
 */
#include "migration/plan/foresee/demanded_kinds.h"

/* A second column has names, separated by the character 31, of which an earlier statement must have mentioned none. */

/* $1 the relation; then the part and the word, or the other relation. For a type: its schema, its name, the part. */

#define VERSION   "pg_catalog.current_setting('server_version_num')::int"
#define ITSELF    "FROM pg_catalog.pg_class c WHERE c.oid = $1::oid"
#define HAS_HEIRS "EXISTS (SELECT FROM pg_catalog.pg_inherits u WHERE u.inhparent = c.oid)"
#define HEIRS                                                                                                          \
    "(SELECT pg_catalog.string_agg(h.relname, pg_catalog.chr(31)) FROM pg_catalog.pg_inherits u JOIN "                 \
    "pg_catalog.pg_class h ON h.oid = u.inhrelid WHERE u.inhparent = c.oid)"
#define IS_OF_PARTS "c.relkind = 'p'"

/* ---- children and partitions ---- */

static const char only_it_sql[] =
    "SELECT pg_catalog.format('%s with ONLY, and %I has children or partitions, which need it, too: leave out ONLY "
    "(42P16).', $2::text, c.relname), " HEIRS " " ITSELF " AND " HAS_HEIRS;

static const char only_constraint_sql[] =
    "SELECT pg_catalog.format('The CHECK %I is renamed with ONLY, and %I has children or partitions, which have it, "
    "too: leave out ONLY (42P16).', k.conname, c.relname), " HEIRS
    " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid WHERE k.conrelid = $1::oid AND "
    "k.conname = $2::name AND k.contype IN ('c', 'n') AND NOT k.connoinherit AND " HAS_HEIRS;

static const char only_partitioned_sql[] =
    "SELECT pg_catalog.format('%s with ONLY, and the partitioned table %I has partitions, which have it, too: leave "
    "out ONLY (42P16).', $2::text, c.relname), " HEIRS " " ITSELF " AND " IS_OF_PARTS " AND " HAS_HEIRS;

/* Since PostgreSQL 18 it is a constraint, which the partitions inherit. */
static const char only_filled_sql[] =
    "SELECT pg_catalog.format('%I is made NOT NULL with ONLY, and is not so in all partitions: leave out ONLY "
    "(42P16).', a.attname), " HEIRS " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "WHERE c.oid = $1::oid AND " IS_OF_PARTS
    " AND a.attname = $2::name AND NOT a.attnotnull AND EXISTS (SELECT FROM pg_catalog.pg_inherits u JOIN "
    "pg_catalog.pg_attribute h ON h.attrelid = u.inhrelid AND h.attname = a.attname WHERE u.inhparent = c.oid AND "
    "(" VERSION " >= 180000 OR NOT h.attnotnull))";

static const char own_constraint_sql[] =
    "SELECT pg_catalog.format('The constraint %I is inherited: change it in the parent (42P16).', k.conname) FROM "
    "pg_catalog.pg_constraint k WHERE k.conrelid = $1::oid AND k.conname = $2::name AND k.coninhcount > 0 AND ($3 = '' "
    "OR k.contype IN ('c', 'n'))";

static const char own_nulls_sql[] =
    "SELECT pg_catalog.format('%I is NOT NULL in the parent, and so must be here (42P16).', a.attname) FROM "
    "pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE c.oid = $1::oid AND a.attname = "
    "$2::name AND CASE WHEN " VERSION " >= 180000 THEN EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid "
    "= c.oid AND k.contype = 'n' AND k.coninhcount > 0 AND a.attnum = ANY (k.conkey)) ELSE c.relispartition AND EXISTS "
    "(SELECT FROM pg_catalog.pg_inherits u JOIN pg_catalog.pg_attribute p ON p.attrelid = u.inhparent AND p.attname = "
    "a.attname WHERE u.inhrelid = c.oid AND p.attnotnull) END";

static const char no_partitions_sql[] =
    "SELECT pg_catalog.format('%I is partitioned and %s', c.relname, $2::text) " ITSELF " AND " IS_OF_PARTS;

static const char inherits_sql[] =
    "WITH RECURSIVE down(oid) AS (SELECT $1::oid UNION SELECT u.inhrelid FROM down d JOIN pg_catalog.pg_inherits u ON "
    "u.inhparent = d.oid) SELECT CASE WHEN c.relispartition THEN pg_catalog.format('%I is a partition, and cannot "
    "inherit from another table (42809).', c.relname) WHEN c.relkind = 'p' THEN pg_catalog.format('%I is partitioned, "
    "and cannot inherit from another table (42809).', c.relname) WHEN p.relkind = 'p' OR p.relispartition THEN "
    "pg_catalog.format('%I is partitioned, or a partition: nothing can inherit from it (42809).', p.relname) WHEN "
    "EXISTS (SELECT FROM pg_catalog.pg_inherits u WHERE u.inhrelid = c.oid AND u.inhparent = p.oid) THEN "
    "pg_catalog.format('%I inherits from %I already (42P07).', c.relname, p.relname) WHEN p.oid IN (SELECT d.oid FROM "
    "down d) THEN pg_catalog.format('%I inherits from %I, or is it: that would be a circle (42P07).', p.relname, "
    "c.relname) ELSE (SELECT pg_catalog.format('%I lacks the CHECK %I of its parent: add it before (42804).', "
    "c.relname, k.conname) FROM pg_catalog.pg_constraint k WHERE k.conrelid = p.oid AND k.contype = 'c' AND NOT "
    "k.connoinherit AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid AND o.contype = "
    "'c' AND o.conname = k.conname) LIMIT 1) END FROM pg_catalog.pg_class c, pg_catalog.pg_class p WHERE c.oid = "
    "$1::oid AND p.oid = $2::oid";

static const char is_child_sql[] =
    "SELECT CASE WHEN c.relispartition THEN pg_catalog.format('%I is a partition: DETACH it (42809).', c.relname) WHEN "
    "NOT EXISTS (SELECT FROM pg_catalog.pg_inherits u WHERE u.inhrelid = c.oid AND u.inhparent = $2::oid) THEN "
    "pg_catalog.format('%I does not inherit from it (42P01).', c.relname) END " ITSELF;

static const char parent_sql[] =
    "SELECT CASE WHEN c.relkind NOT IN ('r', 'p', 'f') THEN pg_catalog.format('%I is no table: nothing can inherit "
    "from "
    "it (42809).', c.relname) WHEN " IS_OF_PARTS " OR c.relispartition THEN pg_catalog.format('%I is partitioned, or a "
    "partition: nothing can inherit from it (42809).', c.relname) END " ITSELF;

/* ---- indexes ---- */

/* The index $2 of the table's schema, x, with its row i. */
#define INDEX                                                                                                          \
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_class x ON x.relname = $2::name AND x.relnamespace = "              \
    "c.relnamespace JOIN pg_catalog.pg_index i ON i.indexrelid = x.oid WHERE c.oid = $1::oid"

/* A key's columns are in the usual order, with the type's own operator class and the column's collation. */
static const char key_index_sql[] =
    "SELECT pg_catalog.format('The index %I ', x.relname) || CASE WHEN " IS_OF_PARTS
    " THEN 'A partitioned table takes no key USING INDEX (0A000).' WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint k "
    "WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x')) THEN 'is that of a constraint already (55000).' WHEN "
    "i.indrelid <> c.oid THEN 'is of another table (55000).' WHEN NOT i.indisvalid THEN 'is not valid: REINDEX or drop "
    "it (55000).' WHEN NOT i.indisunique THEN 'is not unique (42809).' WHEN i.indexprs IS NOT NULL THEN 'has "
    "expressions (42809).' WHEN i.indpred IS NOT NULL THEN 'is partial (42809).' WHEN NOT i.indimmediate THEN 'is "
    "deferrable (42809).' WHEN EXISTS (SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS g(number) JOIN "
    "pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[g.number] JOIN pg_catalog.pg_opclass o ON "
    "o.oid = i.indclass[g.number] WHERE NOT o.opcdefault OR i.indoption[g.number] <> 0 OR i.indcollation[g.number] <> "
    "a.attcollation) THEN 'is not in the usual order: a key takes no DESC, NULLS FIRST, COLLATE or operator class "
    "(42809).' END " INDEX;

static const char identity_index_sql[] =
    "SELECT pg_catalog.format('The index %I ', x.relname) || CASE WHEN i.indrelid <> c.oid THEN 'is of another table "
    "(42809).' WHEN NOT i.indisunique THEN 'is not unique (42809).' WHEN NOT i.indimmediate THEN 'is deferrable "
    "(0A000).' WHEN i.indexprs IS NOT NULL THEN 'has expressions (0A000).' WHEN i.indpred IS NOT NULL THEN 'is partial "
    "(0A000).' ELSE (SELECT pg_catalog.format('has a column %I that may be NULL (42809).', a.attname) FROM "
    "pg_catalog.generate_series(0, i.indnkeyatts - 1) AS g(number) JOIN pg_catalog.pg_attribute a ON a.attrelid = "
    "c.oid AND a.attnum = i.indkey[g.number] WHERE NOT a.attnotnull LIMIT 1) END " INDEX;

static const char cluster_index_sql[] =
    "SELECT pg_catalog.format('The index %I ', x.relname) || CASE WHEN NOT pg_catalog.pg_index_has_property(x.oid, "
    "'clusterable') THEN 'is of an access method that keeps no order: the table cannot be ordered by it (0A000).' WHEN "
    "i.indpred IS NOT NULL THEN 'is partial: the table cannot be ordered by it (0A000).' WHEN NOT i.indisvalid THEN "
    "'is not valid: the table cannot be ordered by it (0A000).' END " INDEX " AND i.indrelid = c.oid";

static const char clustered_sql[] =
    "SELECT pg_catalog.format('%I was never clustered: say which index, with USING (42704).', c.relname) " ITSELF
    " AND c.relkind IN ('r', 'm') AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND "
    "i.indisclustered)";

/* ---- persistence ---- */

static const char logged_sql[] =
    "SELECT pg_catalog.format('%I refers to %I, which is not logged: SET LOGGED there first (42P16).', c.relname, "
    "r.relname), r.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND "
    "k.contype = 'f' AND k.confrelid <> c.oid JOIN pg_catalog.pg_class r ON r.oid = k.confrelid WHERE c.oid = $1::oid "
    "AND c.relpersistence = 'u' AND r.relpersistence <> 'p' LIMIT 1";

static const char unlogged_sql[] =
    "SELECT pg_catalog.format('%I refers to %I, and is logged: SET UNLOGGED there first (42P16).', r.relname, "
    "c.relname), r.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_constraint k ON k.confrelid = c.oid AND "
    "k.contype = 'f' AND k.conrelid <> c.oid JOIN pg_catalog.pg_class r ON r.oid = k.conrelid WHERE c.oid = $1::oid "
    "AND c.relpersistence = 'p' AND r.relpersistence = 'p' UNION ALL SELECT pg_catalog.format('%I is in the "
    "publication %I, which takes logged tables only (55000).', c.relname, p.pubname), p.pubname FROM "
    "pg_catalog.pg_class c JOIN pg_catalog.pg_publication_rel b ON b.prrelid = c.oid JOIN pg_catalog.pg_publication p "
    "ON p.oid = b.prpubid WHERE c.oid = $1::oid AND c.relpersistence = 'p' LIMIT 1";

#define NOT_REFERABLE(from, to)                                                                                        \
    "(CASE " from " WHEN 'p' THEN " to ".relpersistence <> 'p' WHEN 't' THEN " to ".relpersistence <> 't' ELSE " to    \
    ".relpersistence = 't' END)"
#define REFERS                                                                                                         \
    "pg_catalog.format('A table may refer to %I only if it is as persistent: logged, unlogged or temporary "           \
    "(42P16).', "

static const char referable_sql[] = "SELECT " REFERS "c.relname) " ITSELF " AND " NOT_REFERABLE("$2", "c");

static const char persistent_sql[] =
    "SELECT " REFERS "r.relname) FROM pg_catalog.pg_class c, pg_catalog.pg_class r WHERE c.oid = $1::oid AND r.oid = "
    "$2::oid AND " NOT_REFERABLE("c.relpersistence", "r");

/* ---- columns and rows ---- */

static const char storage_sql[] =
    "SELECT pg_catalog.format('%I is of type %s, whose values are always stored PLAIN (0A000).', a.attname, "
    "pg_catalog.format_type(t.oid, NULL)) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = "
    "a.atttypid WHERE a.attrelid = $1::oid AND a.attname = $2::name AND t.typstorage = 'p'";

static const char no_key_sql[] =
    "SELECT pg_catalog.format('The primary key %I is there already: a table has one (42P16).', k.conname) FROM "
    "pg_catalog.pg_constraint k WHERE k.conrelid = $1::oid AND k.contype = 'p'";

static const char changeable_sql[] =
    "SELECT pg_catalog.format('%I is %s, whose rows no statement changes (42809).', c.relname, CASE c.relkind WHEN 'm' "
    "THEN 'a materialized view' ELSE 'a sequence' END) " ITSELF " AND c.relkind IN ('m', 'S')";

/* ---- publications and sequences ---- */

static const char publishable_sql[] =
    "SELECT pg_catalog.format('%I is no logged table, and cannot be published (22023).', c.relname) " ITSELF
    " AND (c.relkind NOT IN ('r', 'p') OR c.relpersistence <> 'p' OR c.oid < 16384)";

#define OF_PUBLICATION                                                                                                 \
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_publication p ON p.pubname = $2::name WHERE c.oid = $1::oid"
#define IS_MEMBER "EXISTS (SELECT FROM pg_catalog.pg_publication_rel m WHERE m.prpubid = p.oid AND m.prrelid = c.oid)"
#define OF_ALL    "pg_catalog.format('The publication %I is FOR ALL TABLES: it has no list (55000).', p.pubname)"

static const char not_member_sql[] =
    "SELECT CASE WHEN p.puballtables THEN " OF_ALL " WHEN " IS_MEMBER
    " THEN pg_catalog.format('%I is in the publication %I already (42710).', c.relname, p.pubname) END " OF_PUBLICATION;

static const char member_sql[] =
    "SELECT CASE WHEN p.puballtables THEN " OF_ALL " WHEN NOT " IS_MEMBER
    " THEN pg_catalog.format('%I is not in the publication %I (42704).', c.relname, p.pubname) END " OF_PUBLICATION;

#define NUMBER(place, otherwise)                                                                                       \
    "coalesce(nullif(pg_catalog.split_part($2, pg_catalog.chr(31), " place "), '')::numeric, " otherwise ")"

static const char numbers_sql[] =
    "SELECT CASE WHEN n.least >= n.most THEN 'MINVALUE would not be less than MAXVALUE (22023).' WHEN n.start NOT "
    "BETWEEN n.least AND n.most THEN pg_catalog.format('START (%s) would not be between MINVALUE and MAXVALUE "
    "(22023).', "
    "n.start) WHEN n.restart NOT BETWEEN n.least AND n.most THEN pg_catalog.format('RESTART (%s) would not be "
    "between "
    "MINVALUE and MAXVALUE (22023).', n.restart) END FROM pg_catalog.pg_sequence s CROSS JOIN LATERAL "
    "(SELECT " NUMBER("1", "s.seqmin") " AS least, " NUMBER("2", "s.seqmax") " AS most, " NUMBER(
        "3", "s.seqstart") " AS start, " NUMBER("4", "NULL") " AS restart) n WHERE s.seqrelid = $1::oid";

/* ---- types ---- */

/* The type of that name, if there is one only. */
#define TYPE                                                                                                           \
    "pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = $2::name AND "    \
    "($1::text IS NULL OR n.nspname = $1::name)"

/* In arrays, rows and ranges, and in those that are made of these. */
static const char free_type_sql[] =
    "WITH RECURSIVE said AS (SELECT t.* FROM " TYPE
    "), inside(oid) AS (SELECT s.oid FROM said s WHERE (SELECT pg_catalog.count(*) FROM said) = 1 UNION SELECT o.oid "
    "FROM inside i CROSS JOIN LATERAL (SELECT a.oid FROM pg_catalog.pg_type a WHERE a.typelem = i.oid AND "
    "a.typcategory = 'A' UNION ALL SELECT r.reltype FROM pg_catalog.pg_attribute p JOIN pg_catalog.pg_class r ON r.oid "
    "= p.attrelid AND r.relkind = 'c' WHERE p.atttypid = i.oid AND NOT p.attisdropped UNION ALL SELECT g.rngtypid FROM "
    "pg_catalog.pg_range g WHERE g.rngsubtype = i.oid) o) SELECT u.why, u.name FROM (SELECT pg_catalog.format('%I is "
    "the type of the table %I: say CASCADE (2BP01).', s.typname, c.relname) AS why, c.relname AS name FROM said s JOIN "
    "pg_catalog.pg_class c ON c.reloftype = s.oid WHERE $3 IN ('a', 't') UNION ALL SELECT pg_catalog.format('%I is "
    "stored in the column %I of %I, which keeps it from being changed so (0A000).', s.typname, a.attname, c.relname), "
    "c.relname FROM inside i CROSS JOIN said s JOIN pg_catalog.pg_attribute a ON a.atttypid = i.oid AND NOT "
    "a.attisdropped JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE $3 IN ('a', 'c', 'd') AND c.relkind IN "
    "('r', 'm', 'p') AND ($3 <> 'd' OR i.oid <> s.oid)) u LIMIT 1";

static const char type_kind_sql[] =
    "SELECT pg_catalog.format('%I is no %s (42809).', pg_catalog.min(t.typname), CASE $3 WHEN 'e' THEN 'enum' ELSE "
    "'domain' END) FROM " TYPE " HAVING pg_catalog.count(*) = 1 AND pg_catalog.bool_and(t.typtype::text <> $3)";

static const struct demanded_kind kinds[] = {
    [SQL_DEMAND_ONLY_IT] = {only_it_sql, 2},
    [SQL_DEMAND_ONLY_CONSTRAINT] = {only_constraint_sql, 2},
    [SQL_DEMAND_ONLY_PARTITIONED] = {only_partitioned_sql, 2},
    [SQL_DEMAND_ONLY_FILLED] = {only_filled_sql, 2},
    [SQL_DEMAND_OWN_CONSTRAINT] = {own_constraint_sql, 3},
    [SQL_DEMAND_OWN_NULLS] = {own_nulls_sql, 2},
    [SQL_DEMAND_NO_PARTITIONS] = {no_partitions_sql, 2},
    [SQL_DEMAND_INHERITS] = {inherits_sql, 2, .is_of_two = true},
    [SQL_DEMAND_IS_CHILD] = {is_child_sql, 2, .is_of_two = true},
    [SQL_DEMAND_PARENT] = {parent_sql, 1},
    [SQL_DEMAND_KEY_INDEX] = {key_index_sql, 2},
    [SQL_DEMAND_IDENTITY_INDEX] = {identity_index_sql, 2},
    [SQL_DEMAND_CLUSTER_INDEX] = {cluster_index_sql, 2},
    [SQL_DEMAND_CLUSTERED] = {clustered_sql, 1},
    [SQL_DEMAND_STORAGE] = {storage_sql, 2},
    [SQL_DEMAND_LOGGED] = {logged_sql, 1},
    [SQL_DEMAND_UNLOGGED] = {unlogged_sql, 1},
    [SQL_DEMAND_REFERABLE] = {referable_sql, 2},
    [SQL_DEMAND_PERSISTENT] = {persistent_sql, 2, .is_of_two = true},
    [SQL_DEMAND_NO_KEY] = {no_key_sql, 1},
    [SQL_DEMAND_CHANGEABLE] = {changeable_sql, 1},
    [SQL_DEMAND_PUBLISHABLE] = {publishable_sql, 1},
    [SQL_DEMAND_NOT_MEMBER] = {not_member_sql, 2},
    [SQL_DEMAND_MEMBER] = {member_sql, 2},
    [SQL_DEMAND_NUMBERS] = {numbers_sql, 2},
    [SQL_DEMAND_FREE_TYPE] = {free_type_sql, 3, .is_of_type = true},
    [SQL_DEMAND_TYPE_KIND] = {type_kind_sql, 3, .is_of_type = true},
};

const struct demanded_kind *demanded_kind(enum sql_demand_kind kind)
{
    return &kinds[kind];
}
