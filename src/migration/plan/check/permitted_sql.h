/*
 * SQL that the queries for rights share. In it w is what is wanted, r the role, h the role that gets something, and o
 * the object.
 */
#ifndef MIGRATION_PLAN_CHECK_PERMITTED_SQL_H
#define MIGRATION_PLAN_CHECK_PERMITTED_SQL_H

#define VERSION "pg_catalog.current_setting('server_version_num')::int"

/* w: what is wanted; r: the role; h: the role that gets something. */
#define WANTED                                                                                                         \
    "unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS "       \
    "w(role, needed, schema, name, part, types, heir, path) JOIN pg_catalog.pg_roles r ON r.rolname = "                \
    "coalesce(w.role, current_user) LEFT JOIN pg_catalog.pg_roles h ON h.rolname = CASE w.heir WHEN '' THEN "          \
    "r.rolname ELSE w.heir END"

#define SENTENCES(sentence, from)                                                                                      \
    "SELECT DISTINCT s.said FROM (SELECT " sentence " AS said FROM " from ") s WHERE s.said IS NOT NULL LIMIT 8"

#define PATH "pg_catalog.string_to_array(w.path, pg_catalog.chr(31))"

/* In the schema n. */
#define IS_PLACED "CASE WHEN w.schema IS NOT NULL THEN n.nspname = w.schema ELSE n.nspname::text = ANY (" PATH ") END"
#define FIRST     " ORDER BY pg_catalog.array_position(" PATH ", n.nspname::text) LIMIT 1) o"

/* The object o in a schema: its oid, owner, schema, and how it is written. */
#define IN_SCHEMA(class, prefix, shown, acl, where)                                                                    \
    "LATERAL (SELECT o.oid, o." prefix "owner AS owner, o." prefix "namespace AS place, " shown " AS shown, " acl      \
    " AS acl FROM pg_catalog." class " o JOIN pg_catalog.pg_namespace n ON n.oid = o." prefix                          \
                                     "namespace WHERE o." prefix "name = w.name::name AND " IS_PLACED where FIRST

#define GLOBAL(class, prefix, acl)                                                                                     \
    "LATERAL (SELECT o.oid, o." prefix "owner AS owner, NULL::oid AS place, pg_catalog.quote_ident(o." prefix          \
    "name) AS shown, " acl " AS acl FROM pg_catalog." class " o WHERE o." prefix "name = w.name::name) o"

#define QUALIFIED(name)          "pg_catalog.format('%I.%I', n.nspname, " name ")"
#define NO_ACL                   "NULL::aclitem[]"
#define ACL(column, kind, owner) "coalesce(o." column ", pg_catalog.acldefault('" kind "', o." owner "))"

#define OWNS(role, owner) "pg_catalog.pg_has_role(" role ", " owner ", 'USAGE')"

/* Since PostgreSQL 16 a membership may be without SET. */
#define BECOMES(role, other)                                                                                           \
    "pg_catalog.pg_has_role(" role ", " other ", CASE WHEN " VERSION " >= 160000 THEN 'SET' ELSE 'MEMBER' END)"

#define MAY_CREATE(role) "(o.place IS NULL OR pg_catalog.has_schema_privilege(" role ", o.place, 'CREATE'))"

/* Of the database, and so of schemas that are given away. */
#define MAKES_SCHEMAS "pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CREATE')"

/* called: "type ", or "" for relations. */
#define NOT_OWNER(called)                                                                                              \
    "pg_catalog.format('The role \"%s\" is not the owner of " called "%s (\"%s\" is), which a pending migration "      \
    "changes: GRANT \"%s\" TO \"%s\", or run it as that role.', r.rolname, o.shown, "                                  \
    "pg_catalog.pg_get_userbyid(o.owner), pg_catalog.pg_get_userbyid(o.owner), r.rolname)"

#define LACKS(called, words)                                                                                           \
    "pg_catalog.format('The role \"%s\" lacks %s on " called "%s, which a pending migration needs: GRANT %s ON " words \
    "%s TO \"%s\".', r.rolname, w.needed, o.shown, w.needed, o.shown, r.rolname)"

#define NOT_CREATOR(role)                                                                                              \
    "(SELECT pg_catalog.format('The role \"%s\" may not create in schema \"%s\", where a pending migration does: "     \
    "GRANT CREATE, USAGE ON SCHEMA \"%s\" TO \"%s\".', " role ".rolname, n.nspname, n.nspname, " role ".rolname) "     \
    "FROM pg_catalog.pg_namespace n WHERE n.oid = o.place)"

#define IS_MINE(grantee) "(" grantee " = 0 OR pg_catalog.pg_has_role(r.oid, " grantee ", 'USAGE'))"

#define WHEN(condition, sentence)    " WHEN " condition " THEN " sentence
#define ONLY_IF(condition, sentence) "CASE WHEN " condition " THEN " sentence " END"

/* May it grant one of the privileges, and has it any? PostgreSQL fails if neither is so, and warns if it has one. */
#define IS_GRANTED                                                                                                     \
    "(w.heir = '' OR a.privilege_type = ANY (pg_catalog.string_to_array(pg_catalog.upper(w.heir), "                    \
    "pg_catalog.chr(31))))"
#define GRANTABLE                                                                                                      \
    "EXISTS (SELECT FROM pg_catalog.aclexplode(o.acl) a WHERE a.is_grantable AND " IS_MINE(                            \
        "a.grantee") " AND " IS_GRANTED ")"
#define GRANTS  "(" OWNS("r.oid", "o.owner") " OR " GRANTABLE ")"
#define HAS_ANY "EXISTS (SELECT FROM pg_catalog.aclexplode(o.acl) a WHERE " IS_MINE("a.grantee") ")"

#define NOT_GRANTOR(called)                                                                                            \
    "pg_catalog.format('The role \"%s\" may not grant privileges on " called "%s (\"%s\" owns it), as a pending "      \
    "migration does: run it as that role.', r.rolname, o.shown, pg_catalog.pg_get_userbyid(o.owner))"
#define GRANTS_NOTHING(called)                                                                                         \
    "pg_catalog.format('A GRANT or REVOKE of a pending migration grants nothing on " called "%s: \"%s\" owns it, and " \
    "the role \"%s\" may not grant that. PostgreSQL only warns.', o.shown, pg_catalog.pg_get_userbyid(o.owner), "      \
    "r.rolname)"

#define OF_GRANTS(called)                                                                                              \
    WHEN("w.needed = 'GRANT' AND NOT " GRANTS " AND NOT " HAS_ANY, NOT_GRANTOR(called))                                \
    WHEN("w.needed = 'GRANTS NOTHING' AND NOT " GRANTS " AND " HAS_ANY, GRANTS_NOTHING(called))

#define OWNER_WANTED "w.needed IN ('OWNER', 'DROP', 'RENAME', 'REPLACE', 'GIVE')"
#define SCHEMAS_OWNER                                                                                                  \
    "EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.oid = o.place AND " OWNS("r.oid", "n.nspowner") ")"
#define IS_HEIRS      "(w.needed = 'GIVE' AND o.owner IS NOT DISTINCT FROM h.oid)"
#define MAY_DROP      "(w.needed = 'DROP' AND " SCHEMAS_OWNER ")"
#define IS_GIVEN      "w.needed = 'GIVE' AND NOT r.rolsuper AND o.owner <> h.oid"
#define IS_PLACED_NEW "w.needed IN ('RENAME', 'BESIDE')"
#define IS_USED       "w.needed IN ('USAGE', 'EXECUTE', 'CREATE', 'TEMPORARY')"

#define NOT_GIVER(called)                                                                                              \
    "pg_catalog.format('The role \"%s\" may not give " called "%s to the role \"%s\", as a pending migration does: "   \
    "GRANT \"%s\" TO \"%s\", or run it as a superuser.', r.rolname, o.shown, h.rolname, h.rolname, r.rolname)"

#define OWNER_LACKS(called)                                                                                            \
    WHEN(OWNER_WANTED " AND NOT " OWNS("r.oid", "o.owner") " AND NOT " MAY_DROP " AND NOT " IS_HEIRS, NOT_OWNER(called))
#define GIVER_LACKS(called, gives)                                                                                     \
    WHEN(IS_GIVEN " AND NOT (" BECOMES("r.oid", "h.oid") " AND " gives ")", NOT_GIVER(called))
#define HEIR_LACKS                     WHEN(IS_GIVEN " AND NOT " MAY_CREATE("h.oid"), NOT_CREATOR("h"))
#define CREATOR_LACKS                  WHEN(IS_PLACED_NEW " AND NOT " MAY_CREATE("r.oid"), NOT_CREATOR("r"))
#define USER_LACKS(called, words, has) WHEN(IS_USED " AND NOT " has, LACKS(called, words))

/* gives: may it be given away otherwise? has: is the privilege there? */
#define OBJECT(called, words, gives, has)                                                                              \
    "CASE" OWNER_LACKS(called) GIVER_LACKS(called, gives) HEIR_LACKS CREATOR_LACKS USER_LACKS(called, words, has)      \
        OF_GRANTS(called) " END"

#define OBJECTS(called, words, gives, has, found)                                                                      \
    SENTENCES(OBJECT(called, words, gives, has), WANTED " CROSS JOIN " found)

#endif
