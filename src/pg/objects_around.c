/*
 * What is not in a schema: extensions, event triggers, foreign servers, publications, rights, and settings.
 */
#include "pg/objects_parts.h"

/* Its tables whose rows are dumped, by pg_extension_config_dump(). */
static const char extension_more[] =
    "(SELECT 'SCHEMA ' || n.nspname FROM pg_catalog.pg_namespace n WHERE n.oid = o.extnamespace), (SELECT 'DUMPED ' || "
    "pg_catalog.string_agg(g.class::regclass || coalesce(' ' || o.extcondition[g.number], ''), ', ' ORDER BY "
    "g.class::regclass::text COLLATE \"C\") FROM pg_catalog.unnest(o.extconfig) WITH ORDINALITY AS g(class, number))";

/* Only a superuser is surely told the options. */
static const char mapping_definition[] =
    "CASE WHEN o.umoptions IS NULL AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = "
    "current_user) THEN NULL ELSE '' END";

static const char published_part[] =
    "pg_catalog.concat_ws(' ', '(' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY "
    "a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = o.prrelid AND a.attnum = ANY (o.prattrs)) || ')', "
    "'WHERE ' || pg_catalog.pg_get_expr(o.prqual, o.prrelid))";

#define PUBLISHED                                                                                                      \
    .catalog = "pg_publication_rel", .kind = "publication table",                                                      \
    .from = "pg_catalog.pg_publication_rel o JOIN pg_catalog.pg_publication p ON p.oid = o.prpubid",                   \
    .name = "pg_catalog.quote_ident(p.pubname) || ' ' || o.prrelid::regclass"

/* ---- rights ---- */

/* Of every object that can have rights of its own. */
#define ALL_RIGHTS                                                                                                     \
    "SELECT 'pg_catalog.pg_class'::regclass::oid, oid, 0, relacl FROM pg_catalog.pg_class UNION ALL "                  \
    "SELECT 'pg_catalog.pg_class'::regclass::oid, attrelid, attnum, attacl FROM pg_catalog.pg_attribute UNION ALL "    \
    "SELECT 'pg_catalog.pg_proc'::regclass::oid, oid, 0, proacl FROM pg_catalog.pg_proc UNION ALL "                    \
    "SELECT 'pg_catalog.pg_type'::regclass::oid, oid, 0, typacl FROM pg_catalog.pg_type UNION ALL "                    \
    "SELECT 'pg_catalog.pg_language'::regclass::oid, oid, 0, lanacl FROM pg_catalog.pg_language UNION ALL "            \
    "SELECT 'pg_catalog.pg_namespace'::regclass::oid, oid, 0, nspacl FROM pg_catalog.pg_namespace UNION ALL "          \
    "SELECT 'pg_catalog.pg_foreign_data_wrapper'::regclass::oid, oid, 0, fdwacl FROM "                                 \
    "pg_catalog.pg_foreign_data_wrapper UNION ALL "                                                                    \
    "SELECT 'pg_catalog.pg_foreign_server'::regclass::oid, oid, 0, srvacl FROM pg_catalog.pg_foreign_server"

/* Of objects of the system and of extensions, whose definitions are not compared: rights that are not those that they
 * were made with. */
static const char changed_rights[] =
    "(SELECT a.class, a.oid, a.number, a.acl FROM (" ALL_RIGHTS ") a(class, oid, number, acl) LEFT JOIN "
    "pg_catalog.pg_init_privs p ON p.classoid = a.class AND p.objoid = a.oid AND p.objsubid = a.number WHERE (a.acl IS "
    "NOT NULL OR p.initprivs IS NOT NULL) AND (a.oid < " OBJECTS_FIRST
    " OR EXISTS (SELECT FROM member m WHERE m.classid = a.class AND m.objid = a.oid)) AND NOT (a.class = "
    "'pg_catalog.pg_namespace'::regclass AND a.oid IN (SELECT n.oid FROM pg_catalog.pg_namespace n "
    "WHERE " OBJECTS_SCHEMA ")) AND a.acl::text IS DISTINCT FROM p.initprivs::text) o";

/* ---- the database ---- */

#define OF_DATABASE "d.datname = pg_catalog.current_database()"

static const char database_definition[] =
    "pg_catalog.concat_ws(' ', pg_catalog.pg_encoding_to_char(o.encoding), o.datcollate, o.datctype, "
    "pg_catalog.to_jsonb(o) ->> 'datlocprovider', coalesce(pg_catalog.to_jsonb(o) ->> 'datlocale', "
    "pg_catalog.to_jsonb(o)"
    " ->> 'daticulocale'), pg_catalog.to_jsonb(o) ->> 'daticurules')";

static const char database_more[] =
    "'CONNECTION LIMIT ' || nullif(o.datconnlimit, -1), (SELECT 'TABLESPACE ' || s.spcname FROM "
    "pg_catalog.pg_tablespace s WHERE s.oid = o.dattablespace), (SELECT 'SECURITY LABEL ' || pg_catalog.string_agg("
    "pg_catalog.concat_ws(' ', l.provider, l.label), ', ' ORDER BY l.provider COLLATE \"C\") FROM "
    "pg_catalog.pg_shseclabel l WHERE l.classoid = 'pg_catalog.pg_database'::regclass AND l.objoid = o.oid)";

/* Settings with a dot in their name belong to applications, which keep secrets in them. */
static const char settings[] =
    "(SELECT pg_catalog.split_part(i.item, '=', 1) AS name, pg_catalog.substr(i.item, pg_catalog.strpos(i.item, '=') + "
    "1) AS value, pg_catalog.strpos(pg_catalog.split_part(i.item, '=', 1), '.') > 0 AS is_hidden, CASE WHEN s.setrole "
    "<> 0 THEN pg_catalog.pg_get_userbyid(s.setrole) END AS role FROM pg_catalog.pg_db_role_setting s JOIN "
    "pg_catalog.pg_database d ON d.oid = s.setdatabase, pg_catalog.unnest(s.setconfig) AS i(item) WHERE " OF_DATABASE
    ") o";

const struct objects_part objects_around[] = {
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_extension",
        .kind = "extension",
        .named = "o.extname",
        .definition = "o.extversion",
        .owner = "o.extowner",
        .more = extension_more,
        .has_any_oid = true,
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_event_trigger",
        .kind = "event trigger",
        .named = "o.evtname",
        .definition = "pg_catalog.concat_ws(' ', o.evtevent, 'TAGS ' || o.evttags::text, o.evtfoid::regprocedure, CASE "
                      "o.evtenabled WHEN 'D' THEN '(disabled)' WHEN 'R' THEN '(replica)' WHEN 'A' THEN '(always)' END)",
        .owner = "o.evtowner",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_foreign_data_wrapper",
        .kind = "foreign data wrapper",
        .named = "o.fdwname",
        .definition = "pg_catalog.concat_ws(' ', 'HANDLER', o.fdwhandler::regprocedure, 'VALIDATOR', "
                      "o.fdwvalidator::regprocedure)",
        .owner = "o.fdwowner",
        .acl = "o.fdwacl",
        .letter = "F",
        .options = "o.fdwoptions",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_foreign_server",
        .kind = "foreign server",
        .named = "o.srvname",
        .definition = "pg_catalog.concat_ws(' ', 'TYPE ' || o.srvtype, 'VERSION ' || o.srvversion, 'WRAPPER', (SELECT "
                      "pg_catalog.quote_ident(w.fdwname) FROM pg_catalog.pg_foreign_data_wrapper w WHERE w.oid = "
                      "o.srvfdw))",
        .owner = "o.srvowner",
        .acl = "o.srvacl",
        .letter = "S",
        .options = "o.srvoptions",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_user_mapping",
        .oid = "o.umid",
        .kind = "user mapping",
        .from = "pg_catalog.pg_user_mappings o",
        .name = "CASE o.umuser WHEN 0 THEN 'public' ELSE pg_catalog.quote_ident(o.usename) END || ' on server ' || "
                "pg_catalog.quote_ident(o.srvname)",
        .definition = mapping_definition,
        .options = "o.umoptions",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_publication",
        .kind = "publication",
        .named = "o.pubname",
        .definition = "(pg_catalog.to_jsonb(o) - '{oid,pubname,pubowner}'::text[])::text",
        .owner = "o.pubowner",
    },
    {.since = 0, .until = 150000, PUBLISHED, .definition = "''"},
    {.since = 150000, .until = INT_MAX, PUBLISHED, .definition = published_part},
    {
        .since = 150000,
        .until = INT_MAX,
        .catalog = "pg_publication_namespace",
        .kind = "publication schema",
        .from = "pg_catalog.pg_publication_namespace o JOIN pg_catalog.pg_publication p ON p.oid = o.pnpubid",
        .name = "pg_catalog.quote_ident(p.pubname) || ' ' || o.pnnspid::regnamespace",
        .definition = "''",
    },
    /* These columns everybody may read, in all versions; the oid not. */
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_subscription",
        .oid = "0::oid",
        .kind = "subscription",
        .name = "pg_catalog.quote_ident(o.subname)",
        .definition = "pg_catalog.concat_ws(' ', CASE WHEN o.subenabled THEN 'ENABLED' ELSE 'DISABLED' END, 'SLOT ' || "
                      "o.subslotname, 'PUBLICATIONS', " OBJECTS_ITEMS("o.subpublications") ")",
        .owner = "o.subowner",
        .where = "o.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE " OF_DATABASE ")",
        .has_any_oid = true,
        .is_of_any = true,
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_default_acl",
        .kind = "default privileges",
        .definition = "coalesce(" OBJECTS_ITEMS("o.defaclacl::text[]") ", '')",
        .has_any_oid = true,
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_init_privs",
        .kind = "privileges",
        .from = changed_rights,
        .name =
            "(SELECT i.type || ' ' || i.identity FROM pg_catalog.pg_identify_object(o.class, o.oid, o.number) AS i)",
        .definition = "coalesce(" OBJECTS_ITEMS("o.acl::text[]") ", '')",
        .has_any_oid = true,
        .is_of_any = true,
    },
    /* Not what a copy has not by design: its name, whether it is a template, and the comment, which marks a branch. */
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_database",
        .oid = "0::oid",
        .kind = "database",
        .name = "'itself'",
        .definition = database_definition,
        .owner = "o.datdba",
        .acl = "o.datacl",
        .letter = "d",
        .more = database_more,
        .where = "o.datname = pg_catalog.current_database()",
        .has_any_oid = true,
        .is_of_any = true,
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_db_role_setting",
        .oid = "0::oid",
        .kind = "setting",
        .from = settings,
        .name = "o.name || coalesce(' of role ' || pg_catalog.quote_ident(o.role), '')",
        .definition = "CASE WHEN o.is_hidden THEN '' ELSE o.value END",
        .hidden = "CASE WHEN o.is_hidden THEN o.value END",
        .has_any_oid = true,
        .is_of_any = true,
    },
    {OBJECTS_ALWAYS},
};
