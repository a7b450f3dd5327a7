/*
 * pg_depend lists what each expression calls, except PostgreSQL's own objects, which are found in the expression
 * itself. No catalog row is converted to JSON or text as a whole: one with a value of a user's type (pg_attribute)
 * would make the server call that type's casts.
 */
#include "pg/loading.h"

#include "pg/query.h"
#include "pg/session.h"
#include "pg/trust.h"
#include "pg/values.h"

/* The columns: a description; the author; the role that it runs as (NULL: the restoring role); its place in pg_depend;
 * its expression. */
#define CHECKS                                                                                                         \
    "SELECT pg_catalog.concat('the check ', k.conname, ' of ', CASE WHEN k.conrelid <> 0 THEN "                        \
    "k.conrelid::pg_catalog.regclass::text ELSE k.contypid::pg_catalog.regtype::text END) AS what, "                   \
    "coalesce(c.relowner, t.typowner) AS owner, NULL::pg_catalog.oid AS runs_as, "                                     \
    "'pg_catalog.pg_constraint'::pg_catalog.regclass AS class, k.oid AS part, k.conbin::text AS tree FROM "            \
    "pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid LEFT JOIN pg_catalog.pg_type "   \
    "t ON t.oid = k.contypid WHERE k.contype = 'c'"

/* Servers before 15 list what a generated column calls with the table, those before 12 have none; %1$s, %2$s: the place
 * in pg_depend, %3$s: a condition. */
#define GENERATED                                                                                                      \
    "SELECT pg_catalog.concat('the column ', a.attname, ' of ', a.attrelid::pg_catalog.regclass), c.relowner, NULL, "  \
    "%1$s::pg_catalog.regclass, %2$s, f.adbin::text FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_attribute a ON "   \
    "a.attrelid = f.adrelid AND a.attnum = f.adnum JOIN pg_catalog.pg_class c ON c.oid = f.adrelid WHERE %3$s"

#define PARTITIONS                                                                                                     \
    "SELECT pg_catalog.concat('the partition key of ', c.oid::pg_catalog.regclass), c.relowner, NULL, "                \
    "'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, e.partexprs::text FROM pg_catalog.pg_partitioned_table e "     \
    "JOIN pg_catalog.pg_class c ON c.oid = e.partrelid"

#define INDEXES                                                                                                        \
    "SELECT pg_catalog.concat('the index ', i.indexrelid::pg_catalog.regclass), c.relowner, u.role, "                  \
    "'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, pg_catalog.concat(i.indexprs::text, i.indpred::text) "  \
    "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN users u ON u.rel = c.oid"

/* Servers before 14 have no expressions here; %4$s: the column. */
#define STATISTICS                                                                                                     \
    "SELECT pg_catalog.concat('the statistics ', s.stxname), c.relowner, u.role, "                                     \
    "'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, %4$s FROM pg_catalog.pg_statistic_ext s JOIN "         \
    "pg_catalog.pg_class c ON c.oid = s.stxrelid JOIN users u ON u.rel = c.oid"

/* Policies of tables that materialized views read: in a dump they precede the REFRESH. */
#define POLICIES                                                                                                       \
    "SELECT pg_catalog.concat('the policy ', o.polname, ' of ', o.polrelid::pg_catalog.regclass), c.relowner, "        \
    "s.role, 'pg_catalog.pg_policy'::pg_catalog.regclass, o.oid, o.polqual::text FROM pg_catalog.pg_policy o JOIN "    \
    "pg_catalog.pg_class c ON c.oid = o.polrelid JOIN seen s ON s.rel = c.oid"

#define VIEWS                                                                                                          \
    "SELECT pg_catalog.concat('the view ', w.ev_class::pg_catalog.regclass), v.relowner, s.role, "                     \
    "'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid, w.ev_action::text FROM pg_catalog.pg_rewrite w JOIN "        \
    "pg_catalog.pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm') JOIN seen s ON s.rel = v.oid"

/* What a materialized view reads, and with whose rights: functions in a view run as its reader. */
#define SEEN                                                                                                           \
    "below AS (SELECT w.ev_class AS rel, d.refobjid AS next FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_depend "   \
    "d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid AND d.refclassid = "            \
    "'pg_catalog.pg_class'::pg_catalog.regclass WHERE w.ev_type = '1' UNION ALL SELECT i.inhparent, i.inhrelid FROM "  \
    "pg_catalog.pg_inherits i), seen (rel, role) AS (SELECT m.oid, m.relowner FROM pg_catalog.pg_class m WHERE "       \
    "m.relkind = 'm' UNION SELECT b.next, s.role FROM seen s JOIN below b ON b.rel = s.rel)"

/* Who plans queries on a table during the restore: its owner (indexes, statistics), whoever refreshes a view, and the
 * restoring role when it checks foreign keys. */
#define USERS                                                                                                          \
    "users (rel, role) AS (SELECT c.oid, c.relowner FROM pg_catalog.pg_class c UNION SELECT s.rel, s.role FROM seen "  \
    "s UNION SELECT f.oid, NULL FROM pg_catalog.pg_constraint k, LATERAL (VALUES (k.conrelid), (k.confrelid)) f "      \
    "(oid) WHERE k.contype = 'f')"

/* Checking a foreign key may need an implicit cast; to_json and similar look for any cast to json. */
#define CASTS                                                                                                          \
    "SELECT pg_catalog.concat('the cast from ', c.castsource::pg_catalog.regtype, ' to ', "                            \
    "c.casttarget::pg_catalog.regtype), p.proowner, NULL, p.oid FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_proc p "  \
    "ON p.oid = c.castfunc WHERE c.castcontext = 'i' OR c.casttarget = 'pg_catalog.json'::pg_catalog.regtype"

#define RANGES                                                                                                         \
    "SELECT pg_catalog.concat('the type ', g.rngtypid::pg_catalog.regtype), p.proowner, NULL, p.oid FROM "             \
    "pg_catalog.pg_range g JOIN pg_catalog.pg_proc p ON p.oid IN (g.rngcanonical::pg_catalog.oid, "                    \
    "g.rngsubdiff::pg_catalog.oid)"

#define FIRST_OF_USERS "16384"

/* Functions of PostgreSQL and extensions that do more than compute: run a text as SQL, change settings, write files.
 * They use their caller's rights, so a table owner's expression with them is his code. */
#define ACTS                                                                                                           \
    "(p.oid < " FIRST_OF_USERS " OR EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = "                     \
    "'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype = 'e')) AND ((p.provolatile = 'v' "   \
    "AND p.proname NOT IN ('random', 'random_normal', 'clock_timestamp', 'timeofday', 'gen_random_uuid', 'uuidv4', "   \
    "'uuidv7')) OR p.proname ~ '_to_xml')"

/* A superuser's own tables are not examined further. */
#define CALLS                                                                                                          \
    "SELECT u.what, p.proowner AS owner, u.runs_as, p.oid FROM parts u JOIN pg_catalog.pg_depend d ON d.classid = "    \
    "u.class AND d.objid = u.part AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, "                    \
    "'pg_catalog.pg_operator'::pg_catalog.regclass), " PG_CALLED_BY_D " JOIN pg_catalog.pg_proc p ON p.oid = "         \
    "called.oid UNION ALL SELECT u.what, u.owner, u.runs_as, p.oid FROM parts u JOIN pg_catalog.pg_roles o ON o.oid "  \
    "= u.owner AND NOT o.rolsuper, LATERAL (SELECT DISTINCT m.found[1]::pg_catalog.oid AS oid FROM "                   \
    "pg_catalog.regexp_matches(u.tree, ':(?:funcid|opfuncid) ([0-9]+)', 'g') m (found)) f JOIN pg_catalog.pg_proc p "  \
    "ON p.oid = f.oid WHERE " ACTS " UNION ALL " CASTS " UNION ALL " RANGES

static const char query[] =
    "WITH RECURSIVE " SEEN ", " USERS ", parts AS (" CHECKS " UNION ALL " GENERATED " UNION ALL " PARTITIONS
    " UNION ALL " INDEXES " UNION ALL " STATISTICS " UNION ALL " POLICIES " UNION ALL " VIEWS ") SELECT "
    "r.rolname::text AS owner, a.rolname::text AS runs_as, pg_catalog.min(pg_catalog.concat(l.what, ' calls ', "
    "l.oid::pg_catalog.regprocedure)) AS example FROM (" CALLS ") l JOIN pg_catalog.pg_roles r ON r.oid = l.owner LEFT "
    "JOIN pg_catalog.pg_roles a ON a.oid = l.runs_as WHERE l.oid >= " FIRST_OF_USERS " OR NOT r.rolsuper GROUP BY 1, 2";

const char *pg_loading_query(struct arena *arena, const struct pg_session *session)
{
    const int version = pg_session_server_version(session);
    const bool is_of_default = version >= 150000;
    return arena_printf(arena, query, is_of_default ? "'pg_catalog.pg_attrdef'" : "'pg_catalog.pg_class'",
                        is_of_default ? "f.oid" : "f.adrelid", version < 120000 ? "false" : "a.attgenerated <> ''",
                        version < 140000 ? "NULL" : "s.stxexprs::text");
}

bool pg_loading_fail(const char *examples, const char *what, struct status *status)
{
    status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_FOREIGN_CODE,
                        "%s: to restore it would run code of roles that may do less than the worker's, with its "
                        "rights: %s. None of it has run.",
                        what, examples);
    status->hint = "Look at these functions, and give them to a role that is trusted (ALTER FUNCTION … OWNER TO), or "
                   "drop what calls them; a copy of the files (\"wait\") runs nothing. A worker that is started with "
                   "--load-foreign-code loads all the same.";
    return false;
}

bool pg_loading_is_trusted(struct pg_session *session, const char *owner, const char *what, struct status *status)
{
    const char *const sql = arena_printf(
        status->arena,
        "SELECT pg_catalog.string_agg(pg_catalog.concat(l.example, ' of ', l.owner), '; ' ORDER BY l.example) FROM "
        "(%s) l JOIN pg_catalog.pg_roles r ON r.rolname = l.owner LEFT JOIN pg_catalog.pg_roles a ON a.rolname = "
        "l.runs_as WHERE " PG_IS_FOREIGN_CODE("$1"),
        pg_loading_query(status->arena, session));
    PG_RESULT(result) = pg_query(session, sql, 1, &owner, status);
    const char *const examples = result == NULL ? NULL : pg_field(result, 0, 0);
    return result != NULL && (examples == NULL || pg_loading_fail(examples, what, status));
}
