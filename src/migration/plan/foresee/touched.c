/*
 * One recursive query, which follows what PostgreSQL does: the rewriter through views (rewriteHandler.c), the planner
 * and the router of rows through partitions and children, and foreign keys through their triggers in pg_trigger
 * (ri_triggers.c), which says for each table which events they have. An update fires them only if it changes a column
 * of the key. tests/service/test_plan_locks.py compares the answers with pg_locks.
 */
#include "migration/plan/foresee/touched.h"

#include "pg/search.h"
#include "pg/session.h"

#include <string.h>

/* May the update of t change one of these columns? A trigger BEFORE it may change any, and a generated column follows
 * others; 0 is an expression. */
#define CHANGES(keys)                                                                                                  \
    "(t.columns IS NULL OR 0 = ANY (" keys ") OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = "    \
    "t.oid AND a.attnum = ANY (" keys ") AND (a.attname::text = ANY (t.columns) OR a.attgenerated <> '')) OR EXISTS "  \
    "(SELECT FROM pg_catalog.pg_trigger b WHERE b.tgrelid = t.oid AND NOT b.tgisinternal AND b.tgenabled <> 'D' AND "  \
    "b.tgtype & 19 = 19))"

/* The bit of pg_trigger.tgtype, and pg_rewrite.ev_type, for what is done to t. */
#define EVENT_BIT  "CASE t.event WHEN 'd' THEN 8 WHEN 'u' THEN 16 WHEN 'i' THEN 4 WHEN 'm' THEN 4 ELSE 0 END"
#define EVENT_TYPE "CASE t.event WHEN 'd' THEN '4' WHEN 'u' THEN '2' WHEN 'i' THEN '3' WHEN 'm' THEN '3' END"

/* Partitions and children. Rows are only inserted into those of a partitioned table, and without their defaults. */
#define BELOW                                                                                                          \
    "SELECT i.inhrelid AS oid, CASE t.event WHEN 'i' THEN 'm' ELSE t.event END AS event, t.lock, CASE t.event WHEN "   \
    "'u' THEN t.columns END AS columns, true AS deep FROM pg_catalog.pg_inherits i WHERE i.inhparent = t.oid AND "     \
    "t.deep AND c.relhassubclass AND t.event <> 'n' AND (c.relkind = 'p' OR t.event NOT IN ('i', 'm'))"

/* The bounds of a partition are read from its parents. */
#define ABOVE                                                                                                          \
    "SELECT i.inhparent, 'n', 1, NULL, false FROM pg_catalog.pg_inherits i WHERE i.inhrelid = t.oid AND "              \
    "c.relispartition AND t.event IN ('i', 'm', 'u', 'n')"

/* An update of the partition key moves rows; before 15 the foreign keys take that for a deletion. */
#define MOVED                                                                                                          \
    "SELECT t.oid, v.event, 3, NULL, true FROM pg_catalog.pg_partitioned_table p CROSS JOIN (VALUES ('m'), ('d')) "    \
    "v(event) WHERE p.partrelid = t.oid AND t.event = 'u' AND t.deep AND (v.event = 'm' OR "                           \
    "pg_catalog.current_setting('server_version_num')::int < 150000) AND " CHANGES("p.partattrs::int2[]")

/* The relations of a view. A change passes on to the first that its query names; instead of that, a trigger or a rule
 * may be there, for which the rows of the view are read. The names of its columns may be others. */
#define VIEWED                                                                                                         \
    "SELECT d.refobjid, CASE WHEN s.passes AND d.refobjid = s.base THEN t.event ELSE 'r' END, CASE WHEN t.event = "    \
    "'r' THEN t.lock WHEN s.passes AND d.refobjid = s.base THEN 3 ELSE 1 END, NULL, true FROM pg_catalog.pg_rewrite "  \
    "w JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid "   \
    "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> t.oid CROSS JOIN LATERAL "        \
    "(SELECT t.event <> 'r' AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = t.oid AND g.tgtype " \
    "& 64 <> 0 AND g.tgtype & " EVENT_BIT " <> 0) AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite o WHERE "          \
    "o.ev_class = t.oid AND o.is_instead AND o.ev_type::text = " EVENT_TYPE ") AS passes, (SELECT m.found[1]::oid "    \
    "FROM pg_catalog.regexp_matches(w.ev_action::text, ':rtekind 0 :relid ([0-9]+)', 'g') WITH ORDINALITY m(found, "   \
    "number) WHERE m.found[1]::oid <> t.oid ORDER BY m.number LIMIT 1) AS base) s WHERE w.ev_class = t.oid AND "       \
    "w.ev_type = '1' AND c.relkind = 'v' AND t.event <> 'n' AND (t.event NOT IN ('i', 'm') OR s.passes)"

/* The other tables of foreign keys: a check reads their rows FOR KEY SHARE, an action deletes or updates them. Rows of
 * a table that has children, but no partitions, are ONLY its own for a key. */
#define KEYS_OF                                                                                                        \
    "SELECT g.tgconstrrelid, CASE WHEN p.proname ~ '_cascade_del$' THEN 'd' WHEN s.updates THEN 'u' ELSE 'r' END, "    \
    "CASE WHEN s.updates OR p.proname ~ '_cascade_del$' THEN 3 ELSE 2 END, CASE WHEN s.updates THEN (SELECT "          \
    "pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = "       \
    "k.conrelid AND a.attnum = ANY (k.conkey)) END, o.relkind = 'p' FROM pg_catalog.pg_trigger g JOIN "                \
    "pg_catalog.pg_proc p ON p.oid = g.tgfoid JOIN pg_catalog.pg_constraint k ON k.oid = g.tgconstraint JOIN "         \
    "pg_catalog.pg_class o ON o.oid = g.tgconstrrelid CROSS JOIN LATERAL (SELECT p.proname ~ "                         \
    "'_(cascade_upd|setnull_...|setdefault_...)$' AS updates) s WHERE g.tgrelid = t.oid AND g.tgisinternal AND "       \
    "g.tgenabled <> 'D' AND k.contype = 'f' AND g.tgtype & " EVENT_BIT " <> 0 AND (t.event <> 'u' OR CASE WHEN "       \
    "p.proname ~ '_check_' THEN " CHANGES("k.conkey") " ELSE " CHANGES("k.confkey") " END)"

/* Sequences of identities, and of defaults that read them, for columns of an INSERT that are not given. OFFSET 0: in
 * this order; without statistics the planner would read what all defaults depend on. */
#define COUNTED                                                                                                        \
    "SELECT q.oid, 'n', 3, NULL, false FROM (SELECT d.oid, f.adnum AS number FROM pg_catalog.pg_attrdef f CROSS JOIN " \
    "LATERAL (SELECT d.refobjid AS oid FROM pg_catalog.pg_depend d WHERE d.classid = "                                 \
    "'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = f.oid AND d.refclassid = "                             \
    "'pg_catalog.pg_class'::pg_catalog.regclass OFFSET 0) d WHERE f.adrelid = t.oid UNION ALL SELECT d.objid, "        \
    "d.refobjsubid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND "      \
    "d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = t.oid AND d.deptype = 'i') q JOIN "    \
    "pg_catalog.pg_class e ON e.oid = q.oid AND e.relkind = 'S' JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid " \
    "AND a.attnum = q.number WHERE t.event = 'i' AND (t.columns IS NULL OR a.attname::text <> ALL (t.columns))"

/* OFFSET 0: one by one, by the index. The planner expects millions of rows from a recursion, and would read all of
 * pg_class first. */
#define ITS_CLASS                                                                                                      \
    "SELECT k.relkind, k.relname, k.relispartition, k.relhassubclass, n.nspname FROM pg_catalog.pg_class k JOIN "      \
    "pg_catalog.pg_namespace n ON n.oid = k.relnamespace WHERE k.oid = t.oid OFFSET 0"

/* $1 the relation's oid; $2 what is done to it, in letters: read, insert, update, delete; $3 the updated columns, $4
 * the columns of an INSERT that are given, each list with chr(31) between names, or NULL; $5 the lock on the relation;
 * $6 without ONLY. Within it, m is a row that is inserted by moving it there, n a lock that leads no further. */
static const char touched_sql[] =
    "WITH RECURSIVE touched(oid, event, lock, columns, deep) AS (SELECT $1::oid, e.event, $5::int, "
    "pg_catalog.string_to_array(CASE e.event WHEN 'u' THEN $3::text WHEN 'i' THEN $4::text END, pg_catalog.chr(31)) "
    "COLLATE pg_catalog.\"C\", $6::bool FROM pg_catalog.unnest(pg_catalog.string_to_array($2::text, NULL)) AS "
    "e(event) UNION SELECT x.oid, x.event, x.lock, x.columns, x.deep FROM touched t CROSS JOIN LATERAL (" ITS_CLASS
    ") c CROSS JOIN LATERAL (" BELOW " UNION ALL " ABOVE " UNION ALL " MOVED " UNION ALL " VIEWED " UNION ALL " KEYS_OF
    " UNION ALL " COUNTED
    ") x) SELECT y.oid, y.lock, " PG_SCRIPT_NAME("y.oid") ", y.relkind, y.number FROM (SELECT "
                                                          "t.oid, t.lock, c.*, pg_catalog.count(*) OVER () AS number "
                                                          "FROM (SELECT oid, pg_catalog.max(lock) AS lock FROM "
                                                          "touched GROUP BY oid) t CROSS JOIN LATERAL (" ITS_CLASS
                                                          ") c WHERE t.oid <> $1::oid AND c.nspname NOT LIKE "
                                                          "'pg\\_%' ORDER BY c.relispartition, t.lock DESC, c.relname, "
                                                          "t.oid LIMIT 200) y ORDER BY y.relispartition, y.lock "
                                                          "DESC, y.relname, y.oid";

bool touched_is_alone(const struct relation *relation, const struct sql_touch *touch)
{
    return strcmp(touch->how, "r") == 0 && relation->kind != 'v' && !relation->has_children;
}

PGresult *touched_ask(struct arena *arena, struct questions *questions, const struct relation *relation,
                      const struct sql_touch *touch, enum sql_lock lock)
{
    const char *const values[] = {arena_printf(arena, "%u", relation->oid),
                                  touch->how,
                                  touch->updated,
                                  touch->given,
                                  arena_printf(arena, "%d", (int)lock),
                                  touch->only ? "false" : "true"};
    return questions_ask(questions, touched_sql, 6, values);
}
