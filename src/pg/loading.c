/*
 * pg_depend has what each expression calls, but for what PostgreSQL itself came with. Of an operator it is the function
 * that runs.
 */
#include "pg/loading.h"

#include "pg/session.h"
#include "pg/trust.h"

#define CLASS(name) "'pg_catalog." name "'::pg_catalog.regclass"

#define CHECKS                                                                                                         \
    "SELECT pg_catalog.concat('the check ', k.conname, ' of ', CASE WHEN k.conrelid <> 0 THEN "                        \
    "k.conrelid::pg_catalog.regclass::text ELSE k.contypid::pg_catalog.regtype::text END) AS what, false AS "          \
    "as_owner, d.refclassid AS class, d.refobjid AS oid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_constraint k "  \
    "ON k.oid = d.objid WHERE d.classid = " CLASS("pg_constraint") " AND k.contype = 'c'"

/* Servers before 12 have no generated columns. */
#define GENERATED                                                                                                      \
    "SELECT pg_catalog.concat('the column ', a.attname, ' of ', a.attrelid::pg_catalog.regclass), false, "             \
    "d.refclassid, d.refobjid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid JOIN "       \
    "pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum WHERE d.classid = " CLASS(             \
        "pg_attrdef") " AND pg_catalog.to_jsonb(a) ->> 'attgenerated' <> ''"

#define PARTITIONS_AND_INDEXES                                                                                         \
    "SELECT pg_catalog.concat(CASE c.relkind WHEN 'p' THEN 'the partition key of ' ELSE 'the index ' END, "            \
    "c.oid::pg_catalog.regclass), c.relkind <> 'p', d.refclassid, d.refobjid FROM pg_catalog.pg_depend d JOIN "        \
    "pg_catalog.pg_class c ON c.oid = d.objid WHERE d.classid = " CLASS(                                               \
        "pg_class") " AND c.relkind IN ('p', 'i', 'I')"

#define STATISTICS                                                                                                     \
    "SELECT pg_catalog.concat('the statistics ', s.stxname), true, d.refclassid, d.refobjid FROM "                     \
    "pg_catalog.pg_depend d JOIN pg_catalog.pg_statistic_ext s ON s.oid = d.objid WHERE d.classid = " CLASS(           \
        "pg_statistic_ext")

/* A materialized view may read others. */
#define VIEWS                                                                                                          \
    "SELECT pg_catalog.concat('the view ', w.ev_class::pg_catalog.regclass), true, d.refclassid, d.refobjid FROM "     \
    "pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid JOIN pg_catalog.pg_class v ON v.oid = "    \
    "w.ev_class AND v.relkind IN ('v', 'm') WHERE d.classid = " CLASS(                                                 \
        "pg_rewrite") " AND EXISTS (SELECT FROM "                                                                      \
                      "pg_catalog.pg_class m WHERE m.relkind = 'm')"

/* A foreign key that is checked may need one. */
#define CASTS                                                                                                          \
    "SELECT pg_catalog.concat('the cast from ', c.castsource::pg_catalog.regtype, ' to ', "                            \
    "c.casttarget::pg_catalog.regtype), false, " CLASS("pg_proc") ", c.castfunc FROM pg_catalog.pg_cast c WHERE "      \
                                                                  "c.castfunc <> 0 AND c.castcontext = 'i'"

#define RANGES                                                                                                         \
    "SELECT pg_catalog.concat('the type ', g.rngtypid::pg_catalog.regtype), false, " CLASS(                            \
        "pg_proc") ", f.oid FROM pg_catalog.pg_range g, LATERAL (VALUES (g.rngcanonical::pg_catalog.oid), "            \
                   "(g.rngsubdiff::pg_catalog.oid)) f (oid) WHERE f.oid <> 0"

#define FIRST_OF_USERS "16384"

const char pg_loading_sql[] =
    "SELECT r.rolname::text AS owner, u.as_owner, pg_catalog.min(pg_catalog.concat(u.what, ' calls "
    "', "
    "p.oid::pg_catalog.regprocedure)) AS example FROM (" CHECKS " UNION ALL " GENERATED
    " UNION ALL " PARTITIONS_AND_INDEXES " UNION ALL " STATISTICS " UNION ALL " VIEWS " UNION ALL " CASTS
    " UNION ALL " RANGES ") u LEFT JOIN pg_catalog.pg_operator o ON u.class = " CLASS(
        "pg_operator") " AND o.oid = u.oid JOIN pg_catalog.pg_proc p ON p.oid = CASE WHEN u.class "
                       "= " CLASS("pg_proc") " THEN u.oid ELSE o.oprcode::pg_catalog.oid END JOIN "
                                             "pg_catalog.pg_roles r ON r.oid = p.proowner "
                                             "WHERE p.oid >= " FIRST_OF_USERS " GROUP BY r.rolname, u.as_owner";

bool pg_loading_fail(const char *examples, const char *what, struct status *status)
{
    status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_FOREIGN_CODE,
                        "%s: to load its rows would run code of roles that may do less than the worker's, with its "
                        "rights: %s. None of it has run.",
                        what, examples);
    status->hint = "Look at these functions, and give them to a role that is trusted (ALTER FUNCTION … OWNER TO), or "
                   "drop what calls them; a copy of the files (\"wait\") runs nothing. A worker that is started with "
                   "--load-foreign-code loads all the same.";
    return false;
}

bool pg_loading_is_trusted(struct pg_session *session, const char *owner, const char *what, struct status *status)
{
    const char *const sql =
        arena_printf(status->arena,
                     "SELECT pg_catalog.string_agg(pg_catalog.concat(l.example, ' of ', l.owner), '; ' ORDER BY "
                     "l.example) FROM (%s) l JOIN pg_catalog.pg_roles r ON r.rolname = l.owner WHERE NOT l.as_owner "
                     "AND l.owner <> $1 AND NOT " PG_IS_TRUSTED("r"),
                     pg_loading_sql);
    PG_RESULT(result) = pg_query(session, sql, 1, &owner, status);
    const char *const examples = result == NULL ? NULL : pg_field(result, 0, 0);
    return result != NULL && (examples == NULL || pg_loading_fail(examples, what, status));
}
