/*
 * Functions that ask for privileges are given the role by its oid: the script may have switched to it. An object is
 * found by its name in the schema that the statement names, or in the first one of the search path that has it.
 */
#include "migration/plan/check/permitted_queries.h"

#include "migration/plan/check/permitted_sql.h"
#include "migration/plan/foresee/types_said.h"

/* ---- things in schemas ---- */

static const char type_sql[] =
    OBJECTS("type ", "TYPE ", "true", "pg_catalog.has_type_privilege(r.oid, o.oid, 'USAGE')",
            IN_SCHEMA("pg_type", "typ", QUALIFIED("o.typname"), ACL("typacl", "T", "typowner"), ""));

#define ROUTINE_SHOWN                                                                                                  \
    "pg_catalog.format('%I.%I(%s)', n.nspname, o.proname, pg_catalog.pg_get_function_identity_arguments(o.oid))"

static const char routine_sql[] = OBJECTS(
    "function ", "FUNCTION ", "true", "pg_catalog.has_function_privilege(r.oid, o.oid, 'EXECUTE')",
    IN_SCHEMA(
        "pg_proc", "pro", ROUTINE_SHOWN, ACL("proacl", "f", "proowner"),
        " AND (w.part IS NULL OR pg_catalog.strpos(w.part, o.prokind::text) > 0) AND (w.types IS NULL OR " TYPES_ARE(
            "ARRAY(SELECT a.type FROM pg_catalog.unnest(o.proargtypes::oid[]) WITH ORDINALITY AS a(type, number) "
            "ORDER BY a.number)",
            "w.types") ")"));

/* Of the functions with this number of arguments none may be called: which one is meant is the server's to say. */
static const char function_sql[] = SENTENCES(
    "CASE WHEN o.may THEN NULL ELSE " LACKS("function ", "FUNCTION ") " END",
    WANTED " CROSS JOIN LATERAL (SELECT pg_catalog.bool_or(pg_catalog.has_function_privilege(r.oid, o.oid, "
           "'EXECUTE')) AS may, pg_catalog.min(" ROUTINE_SHOWN ") AS shown FROM pg_catalog.pg_proc o JOIN "
           "pg_catalog.pg_namespace n ON n.oid = o.pronamespace WHERE o.proname = w.name::name AND (" IS_PLACED
           " OR (w.schema IS NULL AND n.nspname = 'pg_catalog')) AND (w.part IS NULL OR (w.part::int >= o.pronargs - "
           "o.pronargdefaults - (o.provariadic <> 0)::int AND (o.provariadic <> 0 OR w.part::int <= o.pronargs)))) o "
           "WHERE o.may IS NOT NULL");

static const char operator_sql[] =
    OBJECTS("operator ", "OPERATOR ", "true", "true",
            IN_SCHEMA("pg_operator", "opr", "o.oid::pg_catalog.regoperator::text", NO_ACL,
                      " AND (w.types IS NULL OR " TYPES_ARE("ARRAY[o.oprleft, o.oprright]", "w.types") ")"));

#define PLAIN(called, class, prefix, where)                                                                            \
    OBJECTS(called, "", "true", "true", IN_SCHEMA(class, prefix, QUALIFIED("o." prefix "name"), NO_ACL, where))
#define OF_METHOD(prefix)                                                                                              \
    " AND (w.part IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_am m WHERE m.oid = o." prefix                           \
    "method AND m.amname = w.part::name))"

static const char collation_sql[] = PLAIN("collation ", "pg_collation", "coll", "");
static const char conversion_sql[] = PLAIN("conversion ", "pg_conversion", "con", "");
static const char dictionary_sql[] = PLAIN("text search dictionary ", "pg_ts_dict", "dict", "");
static const char configuration_sql[] = PLAIN("text search configuration ", "pg_ts_config", "cfg", "");
static const char statistics_sql[] = PLAIN("statistics object ", "pg_statistic_ext", "stx", "");
static const char class_sql[] = PLAIN("operator class ", "pg_opclass", "opc", OF_METHOD("opc"));
static const char family_sql[] = PLAIN("operator family ", "pg_opfamily", "opf", OF_METHOD("opf"));

/* ---- things of the database ---- */

#define MAY_IN_SCHEMA(role, privilege) "pg_catalog.has_schema_privilege(" role ", o.oid, '" privilege "')"
#define NOT_FOR                                                                                                        \
    "pg_catalog.format('The role \"%s\" may not create in schema \"%s\", where a pending migration gives it "          \
    "something: GRANT CREATE, USAGE ON SCHEMA \"%s\" TO \"%s\".', h.rolname, o.nspname, o.nspname, h.rolname)"
#define NOT_IN                                                                                                         \
    "pg_catalog.format('The role \"%s\" may not create in schema \"%s\", where a pending migration does: GRANT "       \
    "CREATE, USAGE ON SCHEMA \"%s\" TO \"%s\".', r.rolname, o.nspname, o.nspname, r.rolname)"
#define NOT_USER                                                                                                       \
    "pg_catalog.format('The role \"%s\" may not use the schema \"%s\", in which a pending migration works: GRANT "     \
    "USAGE ON SCHEMA \"%s\" TO \"%s\".', r.rolname, o.nspname, o.nspname, r.rolname)"
#define OF_SCHEMA OBJECT("schema ", "SCHEMA ", MAKES_SCHEMAS, "true")
#define IS_OTHERS "NOT r.rolsuper AND h.oid <> r.oid AND NOT "

/* USAGE, and CREATE in a schema, or in the first one of the search path. */
static const char schema_sql[] = SENTENCES(
    "CASE" WHEN("w.needed = 'CREATE FOR'", ONLY_IF(IS_OTHERS MAY_IN_SCHEMA("h.oid", "CREATE"), NOT_FOR))
        WHEN("w.needed = 'CREATE'", ONLY_IF("NOT " MAY_IN_SCHEMA("r.oid", "CREATE"), NOT_IN))
            WHEN("w.needed = 'USAGE'", ONLY_IF("NOT " MAY_IN_SCHEMA("r.oid", "USAGE"), NOT_USER)) " ELSE " OF_SCHEMA
                                                                                                  " END",
    WANTED " CROSS JOIN LATERAL (SELECT n.oid, n.nspname, n.nspowner AS owner, NULL::oid AS place, "
           "pg_catalog.quote_ident(n.nspname) AS shown, coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) AS "
           "acl FROM pg_catalog.pg_namespace n WHERE CASE WHEN w.name IS NOT NULL THEN n.nspname = w.name ELSE "
           "n.nspname::text = ANY (" PATH ") END" FIRST);

static const char database_sql[] = SENTENCES(
    "CASE WHEN w.part IS NOT NULL THEN CASE WHEN NOT " MAKES_SCHEMAS
    " THEN pg_catalog.format('A pending migration %s, and the role \"%s\" may not: GRANT CREATE ON DATABASE \"%s\" TO "
    "\"%s\".', w.part, r.rolname, o.name, r.rolname) END ELSE " OBJECT(
        "database ", "DATABASE ", "r.rolcreatedb", "pg_catalog.has_database_privilege(r.oid, o.oid, w.needed)") " END",
    WANTED " JOIN LATERAL (SELECT d.oid, d.datname AS name, d.datdba AS owner, NULL::oid AS place, "
           "pg_catalog.quote_ident(d.datname) AS shown, coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba)) AS "
           "acl FROM pg_catalog.pg_database d) o ON o.name = coalesce(nullif(w.name, ''), "
           "pg_catalog.current_database())");

/* A language that is not trusted is the superuser's. */
static const char language_sql[] =
    OBJECTS("language ", "LANGUAGE ", "true",
            "CASE WHEN (SELECT l.lanpltrusted FROM pg_catalog.pg_language l WHERE l.oid = o.oid) THEN "
            "pg_catalog.has_language_privilege(r.oid, o.oid, 'USAGE') ELSE r.rolsuper END",
            GLOBAL("pg_language", "lan", ACL("lanacl", "l", "lanowner")));

static const char extension_sql[] = OBJECTS("extension ", "", "true", "true", GLOBAL("pg_extension", "ext", NO_ACL));
static const char event_trigger_sql[] =
    OBJECTS("event trigger ", "", "true", "true", GLOBAL("pg_event_trigger", "evt", NO_ACL));
static const char publication_sql[] =
    OBJECTS("publication ", "", "pg_catalog.has_database_privilege(h.oid, pg_catalog.current_database(), 'CREATE')",
            "true", GLOBAL("pg_publication", "pub", NO_ACL));
static const char subscription_sql[] =
    OBJECTS("subscription ", "", "true", "true", GLOBAL("pg_subscription", "sub", NO_ACL));
static const char wrapper_sql[] = OBJECTS("foreign-data wrapper ", "FOREIGN DATA WRAPPER ", "true",
                                          "pg_catalog.has_foreign_data_wrapper_privilege(r.oid, o.oid, 'USAGE')",
                                          GLOBAL("pg_foreign_data_wrapper", "fdw", ACL("fdwacl", "F", "fdwowner")));
static const char tablespace_sql[] =
    OBJECTS("tablespace ", "TABLESPACE ", "true",
            "(pg_catalog.has_tablespace_privilege(r.oid, o.oid, 'CREATE') OR EXISTS (SELECT FROM "
            "pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database() AND d.dattablespace = o.oid))",
            GLOBAL("pg_tablespace", "spc", ACL("spcacl", "t", "spcowner")));

/* A user mapping is made by the server's owner, or by the user itself with USAGE. */
#define HAS_MAPPING                                                                                                    \
    "(w.part IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_user_mappings m WHERE m.srvid = o.oid AND m.usename = CASE " \
    "w.heir WHEN '' THEN r.rolname ELSE w.heir END))"
#define USES_SERVER "pg_catalog.has_server_privilege(r.oid, o.oid, 'USAGE')"
#define USES_WRAPPER                                                                                                   \
    "pg_catalog.has_foreign_data_wrapper_privilege(h.oid, (SELECT v.srvfdw FROM pg_catalog.pg_foreign_server v WHERE " \
    "v.oid = o.oid), 'USAGE')"
#define NOT_MAPPER HAS_MAPPING " AND NOT " OWNS("r.oid", "o.owner") " AND NOT (h.oid = r.oid AND " USES_SERVER ")"
#define OF_SERVER  OBJECT("foreign server ", "FOREIGN SERVER ", USES_WRAPPER, USES_SERVER)

static const char server_sql[] = SENTENCES(
    "CASE" WHEN("w.needed = 'MAPPING'", ONLY_IF(NOT_MAPPER, NOT_OWNER("foreign server "))) " ELSE " OF_SERVER " END",
    WANTED " CROSS JOIN " GLOBAL("pg_foreign_server", "srv", ACL("srvacl", "S", "srvowner")));

static const char large_object_sql[] =
    OBJECTS("large object ", "LARGE OBJECT ", "true", "true",
            "LATERAL (SELECT o.oid, o.lomowner AS owner, NULL::oid AS place, o.oid::text AS shown, " ACL(
                "lomacl", "L", "lomowner") " AS acl FROM pg_catalog.pg_largeobject_metadata o WHERE o.oid = "
                                           "w.name::oid) o");

/* The owner of one of its two types may make and drop it. */
#define CAST_TYPE(number) "(" TYPES_SAID("pg_catalog.split_part(w.types, pg_catalog.chr(31), " number ")") ")"
#define CAST_OWNED        "pg_catalog.bool_or(" OWNS("r.oid", "t.typowner") ")"
#define CAST_THERE                                                                                                     \
    "EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = ANY (" CAST_TYPE(                                   \
        "1") ") AND k.casttarget = ANY (" CAST_TYPE("2") "))"
#define NOT_CASTER                                                                                                     \
    "pg_catalog.format('The role \"%s\" owns neither of the types of a cast, which a pending migration makes or "      \
    "changes: run it as their owner.', r.rolname)"
static const char cast_sql[] = SENTENCES(
    ONLY_IF("NOT o.owns AND (w.needed = 'CREATE' OR o.is_there)", NOT_CASTER), WANTED
    " CROSS JOIN LATERAL (SELECT " CAST_OWNED " AS owns, " CAST_THERE " AS is_there FROM "
    "pg_catalog.pg_type t WHERE t.oid = ANY (" CAST_TYPE("1") " || " CAST_TYPE("2") ")) o WHERE o.owns IS NOT NULL");

/* ---- the rest is in permitted_others.c ---- */

static const struct permitted_query queries[] = {
    {SQL_NEED_TYPE, "Whose types are", type_sql},
    {SQL_NEED_ROUTINE, "Whose functions are", routine_sql},
    {SQL_NEED_FUNCTION, "Which functions may be called", function_sql},
    {SQL_NEED_OPERATOR, "Whose operators are", operator_sql},
    {SQL_NEED_COLLATION, "Whose collations are", collation_sql},
    {SQL_NEED_CONVERSION, "Whose conversions are", conversion_sql},
    {SQL_NEED_DICTIONARY, "Whose dictionaries are", dictionary_sql},
    {SQL_NEED_CONFIGURATION, "Whose configurations are", configuration_sql},
    {SQL_NEED_STATISTICS, "Whose statistics are", statistics_sql},
    {SQL_NEED_OPERATOR_CLASS, "Whose operator classes are", class_sql},
    {SQL_NEED_OPERATOR_FAMILY, "Whose operator families are", family_sql},
    {SQL_NEED_SCHEMA, "Which schemas may be used", schema_sql},
    {SQL_NEED_DATABASE, "What the role may do in the database", database_sql},
    {SQL_NEED_LANGUAGE, "Which languages may be used", language_sql},
    {SQL_NEED_EXTENSION, "Whose extensions are", extension_sql},
    {SQL_NEED_EVENT_TRIGGER, "Whose event triggers are", event_trigger_sql},
    {SQL_NEED_PUBLICATION, "Whose publications are", publication_sql},
    {SQL_NEED_SUBSCRIPTION, "Whose subscriptions are", subscription_sql},
    {SQL_NEED_WRAPPER, "Which foreign-data wrappers may be used", wrapper_sql},
    {SQL_NEED_TABLESPACE, "Which tablespaces may be used", tablespace_sql},
    {SQL_NEED_SERVER, "Which foreign servers may be used", server_sql},
    {SQL_NEED_LARGE_OBJECT, "Whose large objects are", large_object_sql},
    {SQL_NEED_CAST, "Whose casts are", cast_sql},
};

#define QUERIES (sizeof queries / sizeof queries[0])

const struct permitted_query *permitted_query(size_t number, int server_version)
{
    return number < QUERIES ? &queries[number] : permitted_other_query(number - QUERIES, server_version);
}
