/*
 * Queries about relations, roles and settings.
 */
#include "migration/plan/check/permitted_queries.h"

#include "migration/plan/check/permitted_sql.h"
#include "pg/search.h"

/* ---- relations ---- */

/* The columns that are meant: all, the first ones, or those with these names. */
#define IS_MEANT                                                                                                       \
    "a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped AND CASE WHEN w.types IS NOT NULL THEN (SELECT "       \
    "pg_catalog.count(*) FROM pg_catalog.pg_attribute b WHERE b.attrelid = o.oid AND b.attnum BETWEEN 1 AND "          \
    "a.attnum AND NOT b.attisdropped) <= w.types::int ELSE '*' = ANY (" NAMES ") OR a.attname::text = ANY (" NAMES     \
    ") END"
#define NAMES "pg_catalog.string_to_array(w.part, pg_catalog.chr(31))"

/* With several columns the sentence names those that are missing, unless all are. */
#define LACKS_SOME                                                                                                     \
    "(SELECT pg_catalog.format('The role \"%s\" lacks %s on columns of %s (%s), which a pending migration needs: "     \
    "GRANT %s (%s) ON %s TO \"%s\".', r.rolname, w.needed, o.shown, x.names, w.needed, x.names, o.shown, r.rolname) "  \
    "FROM (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) AS names FROM "     \
    "pg_catalog.pg_attribute a WHERE " IS_MEANT " AND NOT pg_catalog.has_column_privilege(r.oid, o.oid, a.attnum, "    \
    "w.needed)) x WHERE x.names IS NOT NULL)"
#define LACKS_COLUMNS                                                                                                  \
    "CASE WHEN NOT pg_catalog.has_any_column_privilege(r.oid, o.oid, w.needed) THEN " LACKS(                           \
        "", "") " ELSE " LACKS_SOME " END"

/* The sequence itself, or that of the column `part`. */
#define COUNTER                                                                                                        \
    "CASE WHEN w.part IS NULL THEN o.oid ELSE (SELECT d.objid FROM pg_catalog.pg_depend d JOIN "                       \
    "pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND a.attname = w.part::name "  \
    "JOIN pg_catalog.pg_class q ON q.oid = d.objid AND q.relkind = 'S' WHERE d.refobjid = o.oid AND d.classid = "      \
    "'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND "    \
    "d.deptype IN ('a', 'i') LIMIT 1) END"

#define SEQUENCE_LACKS(rights, condition)                                                                              \
    "(SELECT pg_catalog.format('The role \"%s\" may not use the sequence %I.%I, which a pending migration needs: "     \
    "GRANT " rights " ON SEQUENCE %I.%I TO \"%s\".', r.rolname, n.nspname, q.relname, n.nspname, q.relname, "          \
    "r.rolname) FROM pg_catalog.pg_class q JOIN pg_catalog.pg_namespace n ON n.oid = q.relnamespace WHERE q.relkind "  \
    "= 'S' AND " condition ")"
#define HAS_NOT(privileges) " AND NOT pg_catalog.has_sequence_privilege(r.oid, q.oid, '" privileges "')"

/* The sequences in the defaults of the columns that get no value. An identity column needs no right. */
#define DEFAULTS                                                                                                       \
    "q.oid IN (SELECT d.refobjid FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_attribute a ON a.attrelid = "         \
    "f.adrelid AND a.attnum = f.adnum JOIN pg_catalog.pg_depend d ON d.classid = "                                     \
    "'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = f.oid AND d.refclassid = "                             \
    "'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> o.oid WHERE f.adrelid = o.oid AND NOT (" IS_MEANT    \
    "))"

#define HAS_COLUMNS  "o.relkind IN ('r', 'p', 'v', 'm', 'f')"
#define HAS_INTERNAL "EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = o.oid AND g.tgisinternal)"
#define NOT_SWITCHER                                                                                                   \
    "pg_catalog.format('A pending migration switches all triggers of %s off or on, also those of its foreign keys: "   \
    "that takes a superuser, and \"%s\" is none. DISABLE TRIGGER USER leaves those alone.', o.shown, r.rolname)"
#define RELATION_ACL                                                                                                   \
    "coalesce(o.relacl, pg_catalog.acldefault(CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::pg_catalog.\"char\", "    \
    "o.relowner))"
#define OF_RELATION OBJECT("", "", "true", "true")

static const char relation_sql[] = SENTENCES(
    "CASE" WHEN("w.needed IN ('SELECT', 'INSERT', 'UPDATE')", ONLY_IF(HAS_COLUMNS, LACKS_COLUMNS))
        WHEN("w.needed = 'NEXT'", SEQUENCE_LACKS("USAGE", "q.oid = " COUNTER HAS_NOT("USAGE, UPDATE")))
            WHEN("w.needed = 'SET NEXT'", SEQUENCE_LACKS("UPDATE", "q.oid = " COUNTER HAS_NOT("UPDATE")))
                WHEN("w.needed = 'DEFAULTS'", SEQUENCE_LACKS("USAGE", DEFAULTS HAS_NOT("USAGE, UPDATE") " LIMIT 1"))
                    WHEN("w.needed = 'TRIGGERS'",
                         ONLY_IF("NOT r.rolsuper AND " HAS_INTERNAL, NOT_SWITCHER)) " ELSE " OF_RELATION " END",
    WANTED
    " CROSS JOIN LATERAL (SELECT o.oid, o.relkind, o.relowner AS owner, o.relnamespace AS place, " PG_SCRIPT_NAME(
        "o.oid") " AS shown, " RELATION_ACL " AS acl FROM pg_catalog.pg_class o JOIN "
                 "pg_catalog.pg_namespace n ON n.oid = o.relnamespace WHERE w.name <> '*' AND o.relname = w.name::name "
                 "AND " IS_PLACED FIRST);

/* GRANT … ON ALL TABLES IN SCHEMA fails at the first that it may not. */
static const char relations_sql[] = SENTENCES(
    OF_RELATION,
    WANTED " JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema AND w.name = '*' CROSS JOIN LATERAL (SELECT o.oid, "
           "o.relowner AS owner, n.oid AS place, " PG_SCRIPT_NAME(
               "o.oid") " AS shown, " RELATION_ACL " AS acl FROM "
                        "pg_catalog.pg_class o WHERE o.relnamespace = n.oid AND pg_catalog.strpos(w.part, "
                        "o.relkind::text) > 0 AND NOT " OWNS("r.oid", "o.relowner") " ORDER BY o.relname LIMIT 100) o");

/* ---- roles ---- */

#define IS_16 "(" VERSION " >= 160000)"

/* May the role change the role o? */
#define MAY_ALTER                                                                                                      \
    "CASE WHEN r.rolsuper THEN true WHEN o.rolsuper OR NOT r.rolcreaterole THEN false ELSE NOT " IS_16                 \
    " OR pg_catalog.pg_has_role(r.oid, o.oid, 'MEMBER WITH ADMIN OPTION') END"

#define MAY_ADD                                                                                                        \
    "CASE WHEN r.rolsuper THEN true WHEN o.rolsuper THEN false ELSE (r.rolcreaterole AND NOT " IS_16                   \
    ") OR pg_catalog.pg_has_role(r.oid, o.oid, 'MEMBER WITH ADMIN OPTION') END"

/* SET ROLE is looked at with the rights of the role that has logged in. */
#define LOGIN "(SELECT l.oid FROM pg_catalog.pg_roles l WHERE l.rolname = session_user)"
#define LOGS_IN                                                                                                        \
    "(o.rolname = session_user OR (SELECT l.rolsuper FROM pg_catalog.pg_roles l WHERE l.rolname = session_user))"

#define NO_MEMBER(role, does)                                                                                          \
    "pg_catalog.format('The role \"%s\" may not " does " the role \"%s\", as a pending migration does: GRANT \"%s\" "  \
    "TO \"%s\".', " role ", o.rolname, o.rolname, " role ")"

#define NOT_LOGIN                                                                                                      \
    "pg_catalog.format('A pending migration sets the session''s authorization to \"%s\", which takes a superuser, "    \
    "and \"%s\" is none: SET ROLE takes only a membership.', o.rolname, session_user)"
#define NOT_MOVER                                                                                                      \
    "pg_catalog.format('A pending migration gives schemas away, and the role \"%s\" may not: GRANT CREATE ON "         \
    "DATABASE \"%s\" TO \"%s\".', r.rolname, pg_catalog.current_database(), r.rolname)"
#define NOT_ADDER                                                                                                      \
    "pg_catalog.format('The role \"%s\" may not add members to the role \"%s\", nor take them from it, as a pending "  \
    "migration does: GRANT \"%s\" TO \"%s\" WITH ADMIN OPTION.', r.rolname, o.rolname, o.rolname, r.rolname)"
#define NOT_CHANGER                                                                                                    \
    "pg_catalog.format('A pending migration makes or changes roles, and the role \"%s\" may not change \"%s\": that "  \
    "takes CREATEROLE%s.', r.rolname, o.rolname, CASE WHEN o.rolsuper THEN ' and a superuser' WHEN " IS_16             \
    " THEN ' and ADMIN OPTION on it' ELSE '' END)"

#define HAS_SCHEMAS   "EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspowner = o.oid)"
#define MOVES_SCHEMAS "NOT r.rolsuper AND o.oid IS DISTINCT FROM h.oid AND " HAS_SCHEMAS " AND NOT " MAKES_SCHEMAS

/* The sentence for one that is wanted: what must be so, or who lacks it. */
#define ROLE(condition, sentence) ONLY_IF("NOT " condition, sentence)
#define GIVES_AWAY                NO_MEMBER("r.rolname", "give away what belongs to")
#define REASSIGN                                                                                                       \
    "CASE WHEN NOT " OWNS("r.oid", "o.oid") " THEN " GIVES_AWAY " WHEN " MOVES_SCHEMAS " THEN " NOT_MOVER " END"
#define ALTER_ROLE ROLE("(" MAY_ALTER ") AND NOT (w.needed = 'ALTER OWN' AND o.oid = r.oid)", NOT_CHANGER)

static const char role_sql[] = SENTENCES(
    "CASE w.needed" WHEN("'SET ROLE'", ROLE(BECOMES(LOGIN, "o.oid"), NO_MEMBER("session_user", "become")))
        WHEN("'SET SESSION AUTHORIZATION'", ROLE(LOGS_IN, NOT_LOGIN)) WHEN("'REASSIGN'", REASSIGN)
            WHEN("'USE'", ROLE(OWNS("r.oid", "o.oid"), NO_MEMBER("r.rolname", "use the rights of")))
                WHEN("'MAKE FOR'", ROLE(BECOMES("r.oid", "o.oid"), NO_MEMBER("r.rolname", "make something for")))
                    WHEN("'MEMBERS'", ROLE(MAY_ADD, NOT_ADDER)) " ELSE " ALTER_ROLE " END",
    WANTED " JOIN pg_catalog.pg_roles o ON o.rolname = w.name AND w.name <> ''");

#define IS_MEMBER "pg_catalog.pg_has_role(r.oid, o.oid, 'USAGE')"

/* What the role itself must be; the predefined roles for files and programs are named. */
static const char attribute_sql[] = SENTENCES(
    "CASE WHEN r.rolsuper THEN NULL WHEN w.needed = 'SUPERUSER' OR (w.needed = 'SUBSCRIBE' AND NOT " IS_16
    ") OR (w.needed IN ('REPLICATION', 'BYPASSRLS') AND NOT " IS_16 ") OR (w.needed = 'CHECKPOINT' AND o.oid IS NULL) "
    "THEN pg_catalog.format('A pending migration has a statement that only a superuser may run, and \"%s\" is none.', "
    "r.rolname) WHEN w.needed = 'CREATEROLE' AND NOT r.rolcreaterole THEN pg_catalog.format('A pending migration "
    "makes or changes roles, and the role \"%s\" may not: ALTER ROLE \"%s\" CREATEROLE.', r.rolname, r.rolname) WHEN "
    "w.needed = 'CREATEDB' AND NOT r.rolcreatedb THEN pg_catalog.format('A pending migration makes or renames a "
    "database, and the role \"%s\" may not: ALTER ROLE \"%s\" CREATEDB.', r.rolname, r.rolname) WHEN " IS_16
    " AND ((w.needed = 'GIVE CREATEDB' AND NOT r.rolcreatedb) OR (w.needed = 'REPLICATION' AND NOT r.rolreplication) "
    "OR (w.needed = 'BYPASSRLS' AND NOT r.rolbypassrls)) THEN pg_catalog.format('A pending migration makes a role "
    "%s, and the role \"%s\", which is not, may not.', pg_catalog.replace(w.needed, 'GIVE ', ''), r.rolname) WHEN "
    "o.oid IS NOT NULL AND NOT " IS_MEMBER " THEN pg_catalog.format('A pending migration has a statement that only "
    "a superuser or a member of %s may run, and \"%s\" is none: GRANT %s TO \"%s\".', o.rolname, r.rolname, "
    "o.rolname, r.rolname) END",
    WANTED " LEFT JOIN pg_catalog.pg_roles o ON o.rolname = CASE w.needed WHEN 'SUBSCRIBE' THEN "
           "'pg_create_subscription' WHEN 'CHECKPOINT' THEN 'pg_checkpoint' ELSE w.needed END AND o.rolname LIKE "
           "'pg\\_%' WHERE w.name = ''");

/* ---- settings ---- */

#define SETTING(parameters)                                                                                            \
    SENTENCES("CASE WHEN r.rolsuper OR " parameters " THEN NULL WHEN w.needed = 'ALTER SYSTEM' OR p.context IN "       \
              "('superuser', 'superuser-backend') THEN pg_catalog.format('The role \"%s\" may not set the parameter "  \
              "%s, as a pending migration does: that takes a superuser%s.', r.rolname, w.name, CASE WHEN " VERSION     \
              " >= 150000 THEN pg_catalog.format(', or GRANT %s ON PARAMETER %s TO \"%s\"', w.needed, w.name, "        \
              "r.rolname) ELSE '' END) END",                                                                           \
              WANTED " JOIN pg_catalog.pg_settings p ON pg_catalog.lower(p.name) = pg_catalog.lower(w.name)")

static const char setting_sql[] = SETTING("pg_catalog.has_parameter_privilege(r.oid, p.name, w.needed)");
static const char old_setting_sql[] = SETTING("false");

static const struct permitted_query queries[] = {
    {SQL_NEED_RELATION, "What the role may do", relation_sql},
    {SQL_NEED_RELATION, "What the role may grant", relations_sql},
    {SQL_NEED_ROLE, "Which roles may be used", role_sql},
    {SQL_NEED_ROLE, "What the role is", attribute_sql},
    {SQL_NEED_SETTING, "Which parameters may be set", setting_sql},
};
static const struct permitted_query old_setting = {SQL_NEED_SETTING, "Which parameters may be set", old_setting_sql};

const struct permitted_query *permitted_other_query(size_t number, int server_version)
{
    if (number >= sizeof queries / sizeof queries[0]) {
        return NULL;
    }
    return queries[number].on == SQL_NEED_SETTING && server_version < 150000 ? &old_setting : &queries[number];
}
