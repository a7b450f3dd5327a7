/*
 * After PostgreSQL's execIndexing.c, ri_triggers.c and typecmds.c; measured on 13 to 18.
 */
#include "migration/plan/foresee/written_rules.h"

/* The assignment to a column is stricter than a cast for varchar(n), which is therefore cast without its length. Types
 * whose values are names of other things are looked up when they are read. */
#define IS_TEXT "t.oid IN ('pg_catalog.varchar'::pg_catalog.regtype, 'pg_catalog.bpchar'::pg_catalog.regtype)"
const char written_columns_sql[] =
    "SELECT a.attname, pg_catalog.quote_ident(a.attname), CASE WHEN t.typtype <> 'b' OR t.typnamespace <> "
    "'pg_catalog'::pg_catalog.regnamespace OR t.typname ~ '^(reg|bit|varbit|json$|xml|pg_)' THEN NULL WHEN " IS_TEXT
    " THEN pg_catalog.concat('pg_catalog.', t.typname) ELSE pg_catalog.format_type(t.oid, m.mod) END, CASE "
    "WHEN " IS_TEXT " AND m.mod > 4 THEN m.mod - 4 END, a.attnotnull, c.relchecks > 0 OR o.typtype = 'd', c.relkind = "
    "'p' OR c.relispartition, EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND "
    "(i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)) FROM "
    "pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
    "a.attisdropped LEFT JOIN pg_catalog.unnest(pg_catalog.string_to_array($2, pg_catalog.chr(31))) WITH ORDINALITY AS "
    "n(name, number) ON n.name = a.attname JOIN pg_catalog.pg_type o ON o.oid = a.atttypid CROSS JOIN LATERAL (SELECT "
    "CASE o.typtype WHEN 'd' THEN o.typbasetype ELSE o.oid END AS oid, CASE o.typtype WHEN 'd' THEN o.typtypmod ELSE "
    "a.atttypmod END AS mod) m JOIN pg_catalog.pg_type t ON t.oid = m.oid WHERE c.oid = $1::oid AND c.relkind IN ('r', "
    "'p') AND (n.name IS NOT NULL OR ($2 = '' AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute b WHERE "
    "b.attrelid = c.oid AND b.attnum BETWEEN 1 AND a.attnum AND NOT b.attisdropped) <= $3::int)) ORDER BY n.number, "
    "a.attnum";

const char written_uniques_sql[] =
    "SELECT pg_catalog.string_agg(a.attname, pg_catalog.chr(31) ORDER BY k.number), x.relname, coalesce("
    "(pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) FROM pg_catalog.pg_index "
    "i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid CROSS JOIN LATERAL "
    "pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, number) JOIN pg_catalog.pg_attribute "
    "a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE i.indrelid = $1::oid AND i.indisunique AND "
    "i.indisvalid AND i.indimmediate AND i.indexprs IS NULL AND i.indpred IS NULL AND k.number <= i.indnkeyatts GROUP "
    "BY i.indexrelid, x.relname, pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct'";

const char written_keys_sql[] =
    "SELECT n.nspname, r.relname, pg_catalog.string_agg(a.attname, pg_catalog.chr(31) ORDER BY g.number), "
    "pg_catalog.string_agg(b.attname, pg_catalog.chr(31) ORDER BY g.number), k.confmatchtype = 'f', k.conname FROM "
    "pg_catalog.pg_constraint k JOIN pg_catalog.pg_class r ON r.oid = k.confrelid JOIN pg_catalog.pg_namespace n ON "
    "n.oid = r.relnamespace CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS g(own, referred, number) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = g.own JOIN pg_catalog.pg_attribute b ON "
    "b.attrelid = k.confrelid AND b.attnum = g.referred WHERE k.conrelid = $1::oid AND k.confrelid <> $1::oid AND "
    "k.contype = 'f' AND NOT k.condeferrable AND k.conparentid = 0 AND EXISTS (SELECT FROM pg_catalog.pg_trigger t "
    "WHERE t.tgconstraint = k.oid AND t.tgrelid = k.conrelid AND t.tgenabled IN ('O', 'A')) AND "
    "coalesce(pg_catalog.to_jsonb(k) ->> 'conperiod', 'false') = 'false' GROUP BY k.oid, n.nspname, r.relname, "
    "k.confmatchtype, k.conname ORDER BY k.conname";

#define DOWN                                                                                                           \
    "WITH RECURSIVE down(oid) AS (SELECT $1::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN down d "   \
    "ON i.inhparent = d.oid) "
#define TRIGGERS "SELECT 1 FROM pg_catalog.pg_trigger t JOIN down d ON d.oid = t.tgrelid WHERE NOT t.tgisinternal"
#define RULES    "SELECT 1 FROM pg_catalog.pg_rewrite w JOIN down d ON d.oid = w.ev_class"

const char written_otherwise_sql[] = DOWN TRIGGERS " UNION ALL " RULES " LIMIT 1";

/* Who depends on a function of a user (the others are recorded nowhere). */
#define CALLS(class, object)                                                                                           \
    "EXISTS (SELECT FROM pg_catalog.pg_depend u WHERE u.classid = 'pg_catalog." class                                  \
        "'::pg_catalog.regclass AND "                                                                                  \
        "u.objid = " object " AND u.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, "                        \
        "'pg_catalog.pg_operator'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass))"
#define OTHER_KINDS "SELECT 1 FROM pg_catalog.pg_class c JOIN down d ON d.oid = c.oid WHERE c.relkind NOT IN ('r', 'p')"
#define DEFAULTS                                                                                                       \
    "SELECT 1 FROM pg_catalog.pg_attrdef f JOIN down d ON d.oid = f.adrelid WHERE " CALLS("pg_attrdef", "f.oid")
#define CHECKS                                                                                                         \
    "SELECT 1 FROM pg_catalog.pg_constraint k JOIN down d ON d.oid = k.conrelid WHERE k.contype = 'c' AND " CALLS(     \
        "pg_constraint", "k.oid")
#define INDEXES                                                                                                        \
    "SELECT 1 FROM pg_catalog.pg_index x JOIN down d ON d.oid = x.indrelid WHERE (x.indexprs IS NOT NULL OR "          \
    "x.indpred IS NOT NULL) AND " CALLS("pg_class", "x.indexrelid")
#define TYPES                                                                                                          \
    "SELECT 1 FROM pg_catalog.pg_attribute a JOIN down d ON d.oid = a.attrelid JOIN pg_catalog.pg_type t ON t.oid = "  \
    "a.atttypid WHERE a.attnum > 0 AND t.typtype IN ('d', 'c')"

const char written_more_sql[] = DOWN TRIGGERS " UNION ALL " RULES " UNION ALL " OTHER_KINDS " UNION ALL " DEFAULTS
                                              " UNION ALL " CHECKS " UNION ALL " INDEXES " UNION ALL " TYPES " LIMIT 1";
